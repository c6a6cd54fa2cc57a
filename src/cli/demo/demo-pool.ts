/** Where everything of the demo's pool is: addresses, files, names. */
export interface DemoPool {
  readonly folder: string;
  /** `https://HOST:PORT` of the virtual interface. */
  readonly virtualUrl: string;
  readonly servers: readonly DemoServer[];
  readonly agents: readonly DemoAgent[];
  /** Identity file of a user who may do everything. */
  readonly identityPath: string;
}

export interface DemoServer {
  readonly name: string;
  readonly url: string;
  readonly configPath: string;
  readonly dataPath: string;
  readonly logPath: string;
}

export interface DemoAgent {
  readonly name: string;
  readonly configPath: string;
  readonly dataPath: string;
  readonly logPath: string;
}

const host = '127.0.0.1';

/** Ports: the virtual interface's first, then one for each server. */
export function demoPool(folder: string, ports: readonly number[]): DemoPool {
  const [virtualPort = 0, ...serverPorts] = ports;
  return {
    folder,
    virtualUrl: `https://${host}:${virtualPort}`,
    servers: serverPorts.map((port, index) => ({
      url: `https://${host}:${port}`,
      ...placesOf(folder, `server-${index + 1}`),
    })),
    agents: ['node-1', 'node-2', 'node-3'].map((name) => placesOf(folder, name)),
    identityPath: `${folder}/admin.pem`,
  };
}

function placesOf(folder: string, name: string): Omit<DemoServer, 'url'> {
  return {
    name,
    configPath: `${folder}/${name}.yaml`,
    dataPath: `${folder}/${name}`,
    logPath: `${folder}/${name}.log`,
  };
}
