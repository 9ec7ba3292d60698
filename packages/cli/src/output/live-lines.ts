/**
 * A few lines of the terminal that are drawn again and again in place. Only for a terminal: see
 * `Output.live`.
 */
export class LiveLines {
  readonly #stream: NodeJS.WriteStream;
  #drawn = 0;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  /** Lines must fit into the width of the screen, or the cursor loses count. */
  draw(lines: readonly string[]): void {
    // In one write, so that no half picture is ever shown; the cursor is hidden while it jumps.
    const up = this.#drawn === 0 ? '' : `\u001b[${this.#drawn}A`;
    this.#stream.write(
      `\u001b[?25l${up}${lines.map((line) => `\r\u001b[2K${line}\n`).join('')}\u001b[0J\u001b[?25h`,
    );
    this.#drawn = lines.length;
  }

  /** Takes the lines away. */
  clear(): void {
    if (this.#drawn > 0) this.#stream.write(`\u001b[${this.#drawn}A\r\u001b[0J`);
    this.#drawn = 0;
  }

  /** Leaves the lines where they are; the next draw begins below them. */
  keep(): void {
    this.#drawn = 0;
  }

  get columns(): number {
    return this.#stream.columns;
  }
}
