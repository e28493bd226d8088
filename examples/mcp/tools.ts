import { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

const notes = new Map<string, string[]>();

/** Creates an MCP server with two tools. Each caller has its own notes. */
export function createNotesServer(): McpServer {
  const server = new McpServer({ name: 'notes', version: '1.0.0' });
  server.registerTool(
    'list_notes',
    { description: 'Lists the notes', inputSchema: z.object({}) },
    (_input, context) => ({
      content: [{ type: 'text', text: JSON.stringify(notesOf(context.http?.authInfo?.extra)) }],
    }),
  );
  server.registerTool(
    'add_note',
    { description: 'Adds a note', inputSchema: z.object({ note: z.string() }) },
    ({ note }, context) => {
      notesOf(context.http?.authInfo?.extra).push(note);
      return { content: [{ type: 'text', text: `Added: ${note}` }] };
    },
  );
  return server;
}

/** Returns the notes of a caller: subjects are unique within an issuer. */
function notesOf(extra: Record<string, unknown> | undefined): string[] {
  const { iss, sub } = z.looseObject({ iss: z.string(), sub: z.string() }).parse(extra?.['claims']);
  const owner = JSON.stringify([iss, sub]);
  const own = notes.get(owner) ?? [];
  notes.set(owner, own);
  return own;
}
