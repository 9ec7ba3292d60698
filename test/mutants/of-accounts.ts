/** Safeguards of accounts: their secrets, their modes, their holds. */
import type { Mutant } from './mutants.ts';

const sealing = 'packages/core/src/common/sealing.ts';
const sealed = 'packages/core/test/sealing.test.ts';
const holds = 'test/sql/operate/connection-holds.test.ts';
const modes = 'test/sql/operate/connection-modes.test.ts';
const connected = 'packages/cli/test/connect.test.ts';
const bound = "['postrider secret', organizationId, connectionId, purpose, keyId]";

export const accounts: readonly Mutant[] = [
  ...(
    [
      ['organization', 'organizationId, '],
      ['connection', 'connectionId, '],
      ['purpose', 'purpose, '],
    ] as const
  ).map(([part, text]) => ({
    name: `sealed-for-any-${part}`,
    without: `what is sealed opens for its own ${part} only`,
    edits: [{ file: sealing, find: bound, replace: bound.replace(text, '') }],
    test: { file: sealed, pattern: `a secret does not open for another ${part}` },
  })),
  {
    name: 'sealed-under-any-key-id',
    without: 'the id of the sealing key is a part of what is authenticated',
    edits: [{ file: sealing, find: bound, replace: bound.replace(', keyId', '') }],
    test: { file: sealed, pattern: 'a secret does not open under the id of another key' },
  },
  {
    name: 'sealed-bytes-read',
    without: 'readers and operators do not see what is sealed',
    edits: [
      {
        file: 'sql/privileges.sql',
        find: `'postrider.connection_secret, postrider.connection_state from %I'`,
        replace: `'postrider.connection_state from %I'`,
      },
    ],
    test: { file: 'test/sql/privileges/reading.test.ts', pattern: 'never what is sealed' },
  },
  {
    name: 'connection-mode-launched',
    without: 'a campaign is not launched on a connection of the other mode',
    edits: [
      {
        file: 'sql/functions/80_operate/launch.sql',
        find: '  perform postrider.require_connection_modes(v_campaign, p_mode);\n',
        replace: '',
      },
    ],
    test: { file: modes, pattern: 'a live campaign is not launched on a connection for tests' },
  },
  {
    name: 'connection-mode-goes-live',
    without: 'a test does not go live on a connection for tests',
    edits: [
      {
        file: 'sql/functions/80_operate/go_live.sql',
        find: "  perform postrider.require_connection_modes(v_campaign, 'live');\n",
        replace: '',
      },
    ],
    test: { file: modes, pattern: 'from test to live goes who names a live connection' },
  },
  {
    name: 'connection-mode-begun',
    without: 'a cohort is not begun at a printer whose connection is of the other mode',
    edits: [
      {
        file: 'sql/functions/30_cohort/begin.sql',
        find: "    when w.obstacle = 'mode of the connection' then 'connection_mode'\n",
        replace: '',
      },
    ],
    test: { file: modes, pattern: 'staged before its printer went over to the other mode' },
  },
  {
    name: 'connection-hold-staged',
    without: 'nothing is staged for a printer whose connection is held',
    edits: [
      {
        file: 'sql/functions/30_cohort/stage_states.sql',
        find: "  when p_connection.held_at is not null then 'hold of the connection'\n",
        replace: '',
      },
    ],
    test: { file: holds, pattern: 'nothing is staged for a printer whose connection is held' },
  },
  {
    name: 'connection-hold-overtaken',
    without: 'a hold of a connection waits for the begins at its printers',
    edits: [
      {
        file: 'sql/functions/80_operate/hold.sql',
        find: `          and connection_id = p_uuid
        order by name`,
        replace: `          and connection_id = p_uuid and false
        order by name`,
      },
    ],
    test: { file: holds, pattern: 'a hold of the connection waits for the begins' },
  },
  {
    name: 'connection-effects-told',
    without: 'what is told of cards waits where the connection for it is held or of the other mode',
    edits: [
      {
        file: 'sql/functions/70_effects/claim_effects.sql',
        find: '      and not postrider.is_account_out_of_use(p_organization_id, p_campaign_id, p_kind)\n',
        replace: '',
      },
    ],
    test: { file: holds, pattern: 'what is told of cards through a connection that is held' },
  },
  {
    name: 'connection-refused-kept',
    without: 'nothing is kept where the provider refuses the key',
    edits: [
      {
        file: 'packages/cli/src/accounts/connect.ts',
        find: '  if (finding !== null) requireUsable(provider, finding);\n',
        replace: '',
      },
    ],
    test: { file: connected, pattern: 'keeps nothing where the key is refused' },
  },
  {
    name: 'connection-finding-quotes-a-key',
    without: 'what a provider says of an account does not repeat its key',
    edits: [
      {
        file: 'packages/core/src/runtime/ask-account.ts',
        find: "secrets.reduce((rest, value) => rest.replaceAll(value, '…'), text)",
        replace: 'text',
      },
    ],
    test: { file: connected, pattern: 'keeps nothing where the key is refused' },
  },
  {
    name: 'former-secret-left-out',
    without: 'a former secret that cannot be read keeps nobody from the newest',
    edits: [
      {
        file: 'packages/core/src/runtime/connections.ts',
        find: 'if (index === 0) throw',
        replace: 'if (index >= 0) throw',
      },
    ],
    test: { file: 'packages/core/test/connections.test.ts', pattern: 'is left out and told once' },
  },
  {
    name: 'newest-secret-counts',
    without: 'the newest secret is never replaced by a former one',
    edits: [
      {
        file: 'packages/core/src/runtime/connections.ts',
        find: 'if (index === 0) throw',
        replace: 'if (index < 0) throw',
      },
    ],
    test: { file: 'packages/core/test/connections.test.ts', pattern: 'is left out and told once' },
  },
  {
    name: 'own-secrets-stay',
    without: "a connection cannot name the project's own secrets as its key",
    edits: [
      {
        file: 'packages/core/src/runtime/connections.ts',
        find: 'if (OWN_SECRETS.test(name))',
        replace: 'if (false)',
      },
    ],
    test: { file: 'packages/core/test/connections.test.ts', pattern: 'are no account' },
  },
  {
    name: 'key-not-in-clear',
    without: 'a key travels over http: on this machine alone',
    edits: [
      {
        file: 'packages/adapters/src/kit/account.ts',
        find: "protocol === 'https:' || THIS_MACHINE.has(hostname)",
        replace: "protocol === 'https:' || hostname !== ''",
      },
    ],
    test: {
      file: 'packages/adapters/src/kit/test/account-address.test.ts',
      pattern: 'the key would be read on the way',
    },
  },
];
