/** The first words of commands, in the order of the help text. */
export const groups: Readonly<Record<string, string>> = {
  pool: 'the servers that stand in for each other',
  server: 'one management server',
  witness: "a machine that only votes in the pool's etcd",
  agent: 'the agent of this machine',
  message: 'what was reported, and what is done about it',
  node: 'managed systems',
  'node-group': 'sets of nodes, and what they get',
  policy: 'what agents watch, and which servers they obey and tell',
  trust: 'whom the pool believes',
  enrol: 'who may join, where a person has to approve it',
  cert: 'who has which certificate, and who counts no more',
  token: 'API tokens for scripts',
  role: 'duties that one server holds at a time',
  'virtual-interface': 'addresses that move with a role',
  context: 'pools that you work with',
};
