import type { z } from 'zod';
import { codeOf, textOf, WatchError } from '../model/errors.ts';
import type { Files } from './files.ts';
import { readYaml, yamlCharsMax } from './yaml.ts';

/** Reads and checks a YAML file of ours. Every failure is WK_CONFIG with the file, and the line where there is one. */
export async function readYamlFile<Schema extends z.ZodType>(
  files: Pick<Files, 'readText'>,
  path: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  return (await readYamlSource(files, path, schema)).data;
}

/** The same, and beside it the value as its author wrote it. */
export async function readYamlSource<Schema extends z.ZodType>(
  files: Pick<Files, 'readText'>,
  path: string,
  schema: Schema,
): Promise<{ readonly written: unknown; readonly data: z.output<Schema> }> {
  return readYaml(await readText(files, path), schema, path);
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
