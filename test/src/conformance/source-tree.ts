/** The repository as the conformance tests see it: packages, their source files, and what those import. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..');

/** Folder of each package by its name, as the workspaces of the root package say. */
export const PACKAGES: ReadonlyMap<string, string> = new Map(
  readJson<{ workspaces: string[] }>('package.json').workspaces.map((folder) => [
    readJson<{ name: string }>(`${folder}/package.json`).name,
    folder,
  ]),
);

export interface Import {
  /** Path of the importing file from the root. */
  readonly file: string;
  readonly specifier: string;
}

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

export function readJson<T>(path: string): T {
  return JSON.parse(readText(path)) as T;
}

/** Paths of the TypeScript files of a package from the root, generated ones left out. */
export function sourceFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder, 'src'), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/src/${name.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.ts') && !path.includes('/gen/'))
    .sort();
}

const STATEMENT = /^\s*(?:import|export)\s(?:[^'"`;=()]*?\sfrom\s)?\s*['"]([^'"]+)['"]/gm;
const CALL = /\bimport\(\s*['"]([^'"]+)['"]\s*[,)]/g;

/** What a source text imports or re-exports: statically, dynamically, and for types alone. */
export function importsOf(text: string): string[] {
  const code = text.replaceAll(/\/\*[^]*?\*\//g, '');
  return [...code.matchAll(STATEMENT), ...code.matchAll(CALL)].flatMap((match) => match[1] ?? []);
}

export function importsOfPackage(folder: string): Import[] {
  return sourceFiles(folder).flatMap((file) =>
    importsOf(readText(file)).map((specifier) => ({ file, specifier })),
  );
}

/** Name of the package that a bare specifier names: `@scope/name/part` is `@scope/name`. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Path from the root of the source file that a relative specifier names. */
export function resolveRelative({ file, specifier }: Import): string {
  return posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts');
}
