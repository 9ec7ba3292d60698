/** A binary heap: of 100,000 cards under way, which is due next. */
export class DueHeap<Item> {
  readonly #nodes: { readonly due: number; readonly item: Item }[] = [];

  get size(): number {
    return this.#nodes.length;
  }

  get nextDue(): number {
    return this.#nodes[0]?.due ?? Infinity;
  }

  push(due: number, item: Item): void {
    const nodes = this.#nodes;
    const node = { due, item };
    let at = nodes.length;
    nodes.push(node);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = nodes[up];
      if (parent === undefined || parent.due <= due) break;
      nodes[at] = parent;
      at = up;
    }
    nodes[at] = node;
  }

  pop(): Item | undefined {
    const nodes = this.#nodes;
    const top = nodes[0];
    const last = nodes.pop();
    if (top === undefined || last === undefined || nodes.length === 0) return top?.item;
    let at = 0;
    for (;;) {
      const left = nodes[2 * at + 1];
      if (left === undefined) break;
      const right = nodes[2 * at + 2];
      const [child, under] =
        right !== undefined && right.due < left.due ? [right, 2 * at + 2] : [left, 2 * at + 1];
      if (last.due <= child.due) break;
      nodes[at] = child;
      at = under;
    }
    nodes[at] = last;
    return top.item;
  }
}
