import { z } from 'zod';
import { primaryManager, type SystemReference } from './syntax.ts';
import type { TokenReader } from './token-reader.ts';

/** Whether a node or server is named here. */
export function beginsSystem(reader: TokenReader): boolean {
  return reader.isString() || reader.keyword('IP', 'IP6', 'OTHER', primaryManager) !== null;
}

/** `IP 0.0.0.0 "name" ID "core ID"`, `IP6 …` (an extension of ours), `OTHER "name"`, `$OPC_PRIMARY_MGR`, `"name"`. */
export function parseSystem(reader: TokenReader): SystemReference {
  if (reader.accept(primaryManager)) return { kind: 'primary' };
  if (reader.accept('OTHER')) return { kind: 'other', name: reader.string('a name') };
  if (reader.isString()) {
    reader.warn(reader.at, 'IP 0.0.0.0 is missing before the name');
    return withName(reader, 4, '0.0.0.0');
  }
  const family = reader.accept('IP') ? 4 : reader.accept('IP6') ? 6 : null;
  if (family === null) throw reader.needs(`IP, OTHER or ${primaryManager}`);
  const what =
    family === 4 ? 'an IPv4 address, or 0.0.0.0 with a name' : 'an IPv6 address, or :: with a name';
  const schema = family === 4 ? z.ipv4() : z.ipv6();
  const address = reader.value(what, (word) => (schema.safeParse(word).success ? word.toLowerCase() : null));
  return withName(reader, family, address);
}

function withName(reader: TokenReader, family: 4 | 6, address: string): SystemReference {
  const name = reader.isString() ? reader.string('a name') : null;
  const id = reader.accept('ID') ? reader.string('a core ID') : null;
  return { kind: 'address', family, address, name, id };
}
