/** The text of a new notebook: a small whole example, to be changed. */
export const NEW_NOTEBOOK = `---
title: A new notebook
seed: 1
---

# A new notebook

Two hosts, \`client\` and \`server\`, are joined by a link. Run the cell, then change it.

\`\`\`{code-cell} typescript
:label: hello
:views: sequence, states, buffers

const listener = await server.socket(AF_INET, SOCK_STREAM);
await server.bind(listener, { addr: server.ip, port: 8080 });
await server.listen(listener, 8);

const fd = await client.socket(AF_INET, SOCK_STREAM);
await client.connect(fd, { addr: server.ip, port: 8080 });
await client.write(fd, 'hello');

const child = await server.accept(listener);
const buffer = new Uint8Array(64);
await server.read(child, buffer);
\`\`\`
`;
