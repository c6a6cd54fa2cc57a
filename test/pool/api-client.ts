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
    return this.#ask('GET', path, null, timeoutMs);
  }

  /** The parsed answer to a request with a body; throws for anything but 200. */
  async request(method: 'PUT' | 'POST', path: string, body: unknown, timeoutMs = 10_000): Promise<unknown> {
    return JSON.parse(await this.#ask(method, path, JSON.stringify(body), timeoutMs));
  }

  #ask(method: string, path: string, body: string | null, timeoutMs: number): Promise<string> {
    const headers = body === null ? {} : { 'content-type': 'application/json' };
    const options = { agent: this.#agent, timeout: timeoutMs, method, headers };
    return new Promise((resolve, reject) => {
      const call = request(`${this.url}${path}`, options, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (text += part));
        response.on('end', () => {
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`${this.url}${path}: ${response.statusCode ?? 0} ${text.slice(0, 300)}`));
        });
      });
      call.on('timeout', () => call.destroy(new Error(`${this.url}${path}: no answer in ${timeoutMs} ms`)));
      call.on('error', (error) => {
        // The server closed the idle connection just when it was taken for this.
        if (call.reusedSocket && 'code' in error && error.code === 'ECONNRESET')
          resolve(this.#ask(method, path, body, timeoutMs));
        else reject(error);
      });
      call.end(body ?? undefined);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
