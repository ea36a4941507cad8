import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach } from 'vitest'
import { type FakeQyapiOptions, fakeQyapi } from '../../src/testing.js'

/** Real servers on loopback, each stopped when its test is over. Call once in each file. */
export function useServers() {
  const stops: (() => unknown)[] = []
  afterEach(() => Promise.all(stops.splice(0).map((stop) => stop())))

  return {
    async serve(listener: RequestListener): Promise<string> {
      const server = createServer({ keepAliveTimeout: 0 }, listener)
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      stops.push(() => {
        server.closeAllConnections()
        server.close()
      })
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    },
    async fake(options: FakeQyapiOptions = {}) {
      const wecom = fakeQyapi(options)
      const baseUrl = await wecom.listen()
      stops.push(() => wecom.close())
      return { wecom, baseUrl }
    },
  }
}
