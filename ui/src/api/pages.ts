export interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}

const MAX_PAGES = 50;

/** All items of a list, page by page. Bounded, so that a server that repeats itself cannot hold us. */
export async function everyPage<T>(read: (cursor: string | undefined) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await read(cursor);
    items.push(...answer.items);
    if (!answer.next_cursor) break;
    cursor = answer.next_cursor;
  }
  return items;
}
