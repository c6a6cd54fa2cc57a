import { execFile } from 'node:child_process';
import { root } from '../runner/run-program.ts';
import { program } from './managed-process.ts';

export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `watchkeeper ARGS…` once, as a person would, and never throws for what it answers. */
export function runWatchkeeper(
  args: readonly string[],
  options: { environment?: Record<string, string>; timeoutMs?: number; input?: string } = {},
): Promise<CliResult> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [program, ...args],
      {
        cwd: root,
        timeout: options.timeoutMs ?? 30_000,
        maxBuffer: 64 * 1_048_576,
        env: { ...process.env, ...options.environment },
      },
      (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ exitCode, stdout, stderr });
      },
    );
    child.stdin?.end(options.input ?? '');
  });
}

/** The output of a command that must succeed. */
export async function watchkeeper(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<string> {
  const { exitCode, stdout, stderr } = await runWatchkeeper(args, { environment });
  if (exitCode !== 0)
    throw new Error(`watchkeeper ${args.join(' ')} ended with ${exitCode}: ${stderr.trim()}`);
  return stdout.trim();
}
