/** The one way from bytes to YAML. Start reading in `read-yaml.ts`. */
export { FILE_LIMIT_BYTES, readYaml, type YamlFile } from './read-yaml.js';
export { keyOriginAt, originAt, toValue, type Path, type YamlDocument } from './tree.js';
