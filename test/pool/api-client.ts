import { Agent, request } from 'node:https';

/** A script's view of a server: the HTTP API, as whom an identity file names, believing the authority in it. */
export class ApiClient {
  readonly url: string;
  readonly #agent: Agent;

  constructor(url: string, identityPem: string) {
    this.url = url;
    // Which server answers is decided by the pool's own authority, under whatever address it is reached.
    this.#agent = new Agent({
      key: identityPem,
      cert: identityPem,
      ca: identityPem,
      keepAlive: true,
      maxSockets: 4,
      checkServerIdentity: () => undefined,
    });
  }

  /** The parsed answer; throws for anything but 200. */
  async get(path: string, timeoutMs = 10_000): Promise<unknown> {
    return JSON.parse(await this.text(path, timeoutMs));
  }

  /** The answer as it came; throws for anything but 200. */
  text(path: string, timeoutMs = 10_000): Promise<string> {
    return new Promise((resolve, reject) => {
      const call = request(`${this.url}${path}`, { agent: this.#agent, timeout: timeoutMs }, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (body += part));
        response.on('end', () => {
          if (response.statusCode === 200) resolve(body);
          else reject(new Error(`${this.url}${path}: ${response.statusCode ?? 0} ${body.slice(0, 300)}`));
        });
      });
      call.on('timeout', () => call.destroy(new Error(`${this.url}${path}: no answer in ${timeoutMs} ms`)));
      call.on('error', reject);
      call.end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
