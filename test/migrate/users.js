/** The users of the sample applications: what a database would return. */
const USERS = new Map([
  ['u1', { id: 'u1', name: 'Alice', password: 'alice-password', role: 'admin' }],
  ['u2', { id: 'u2', name: 'Bob', password: 'bob-password', role: 'member' }],
]);

export async function findUser(id) {
  if (id === 'down') throw new Error('The database is down');
  return USERS.get(id);
}

export async function checkPassword(name, password) {
  return [...USERS.values()].find((user) => user.name === name && user.password === password);
}

export async function listUsers() {
  return [...USERS.values()].map(({ id, name }) => ({ id, name }));
}
