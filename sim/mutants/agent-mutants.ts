import type { AgentConfig } from '../../src/agent/config.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';

/** Every draw of how long to wait gives the longest: all agents that lost a server come back as one. */
export function withoutJitter(runtime: Runtime): Runtime {
  const { random } = runtime;
  return { ...runtime, random: { bytes: (count) => random.bytes(count), int: (max) => max - 1 } };
}

/** The buffer takes whatever comes, whatever its cap is said to be. */
export function withoutBufferCap(config: AgentConfig): AgentConfig {
  return { ...config, buffer: { bytesMax: Number.MAX_SAFE_INTEGER } };
}
