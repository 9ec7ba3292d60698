/** Commands as they are advised: the names in them, and what the database advises as SQL. */

/** A name as a shell takes it, for a command that is advised. */
export function asArgument(name: string): string {
  if (/^[\w./-]+$/.test(name)) return name;
  return /[$`"\\!]/.test(name) ? `'${name.replaceAll("'", String.raw`'\''`)}'` : `"${name}"`;
}

/** What a view or an error advises as SQL, for psql and programs, as a command. */
export function asCommand(helps: string, name: string): string {
  // A dollar sign in what replaces stands for what was found.
  const campaign = asArgument(name).replaceAll('$', '$$$$');
  return helps
    .replace(/, or select postrider\.release\('[^']+', 'campaign', '[^']+'\)/, '')
    .replace(
      /(?:select )?postrider\.(cancel|retry|erase)\((?:'([^']+)'|recipient)\)/g,
      (_, command: string, id = '<who>') => `postrider ${command} ${id}`,
    )
    .replace(/postrider\.amend\(recipient, fields\)/, 'postrider amend <who> --set <field=value>')
    .replace(/select postrider\.retry_effects\(.*\)/, 'postrider retry --effects')
    .replace(/select postrider\.switch_on_sink\(.*\)/, `postrider webhooks on ${campaign}`)
    .replace(
      /(?:select )?postrider\.resolve\((?:'([^']+)'|mailpiece), [^)]*\)/g,
      (_, id = '<mailpiece>') => `postrider resolve ${id} printed|not_printed --evidence "…"`,
    )
    .replace(
      /select postrider\.release\('[^']+', 'campaign', .*\)/,
      `postrider release campaign ${campaign}`,
    )
    .replace(
      /select postrider\.release\('[^']+', '(organization|printer|connection)', '([^']+)'\)/,
      'postrider release $1 $2',
    )
    .replace(
      /postrider\.release\(organization, 'recipient', '([^']+)'\)/,
      'postrider release recipient $1',
    )
    .replace(
      /select postrider\.hold\('[^']+', 'campaign', '[^']+'\)/,
      `postrider hold campaign ${campaign}`,
    )
    .replace(
      /(?:select )?postrider\.go_live\((?:'[^']+', '[^']+'|organization, campaign)\)/,
      `postrider campaign launch ${campaign} --live`,
    )
    .replace(
      /select postrider\.claim_preview\('[^']+', '\{"campaignId": "[^"]+", "which": \["(\w+)"\]\}'\)/,
      `postrider claim --campaign ${campaign} --$1`,
    )
    .replace(/select postrider\.launch\(.*\)/, `postrider campaign launch ${campaign}`)
    .replace(/select postrider\.end_campaign\([^)]*\)/, `postrider campaign end ${campaign}`)
    .replace(
      /(?:arm it first: )?select postrider\.arm_printer\(.*\)(?:, or launch with p_arm => true)?/,
      `postrider campaign launch ${campaign} --live --arm`,
    );
}
