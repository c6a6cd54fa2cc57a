import type { z } from 'zod';
import { codeOf, textOf, WatchError } from '../model/errors.ts';
import type { Files } from './files.ts';
import { parseYaml, yamlCharsMax } from './yaml.ts';

/** Reads and checks a YAML file of ours. Every failure is WK_CONFIG with the file, and the line where there is one. */
export async function readYamlFile<Schema extends z.ZodType>(
  files: Pick<Files, 'readText'>,
  path: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  return parseYaml(await readText(files, path), schema, path);
}

async function readText(files: Pick<Files, 'readText'>, path: string): Promise<string> {
  try {
    return await files.readText(path, yamlCharsMax * 4);
  } catch (error) {
    const why =
      codeOf(error) === 'WK_NOT_FOUND'
        ? 'there is no such file'
        : codeOf(error) === 'WK_DENIED'
          ? 'may not be read by this user'
          : textOf(error);
    throw new WatchError('WK_CONFIG', `${path}: ${why}`, { cause: error });
  }
}
