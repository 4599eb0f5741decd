/** The part of the JavaScript API of WebAssembly that the engine uses; TypeScript has it only among browser types. */
export {};

declare global {
  namespace WebAssembly {
    class Module {
      constructor(bytes: Uint8Array);
    }
    class Memory {
      private constructor();
      readonly buffer: ArrayBuffer;
    }
    /** A trap. */
    class RuntimeError extends Error {}
    class Instance {
      constructor(module: Module);
      readonly exports: Readonly<Record<string, unknown>>;
    }
  }
}
