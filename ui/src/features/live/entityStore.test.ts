import { describe, expect, it } from "vitest";
import { EntityStore } from "./entityStore";

interface Row {
  id: string;
  at: number;
  what?: string;
}

function setUp() {
  const answers: ((rows: Row[] | Error) => void)[] = [];
  const store = new EntityStore<Row>(
    () =>
      new Promise((resolve, reject) => answers.push((rows) => (rows instanceof Error ? reject(rows) : resolve(rows)))),
    ({ at }) => at,
  );
  const rows = () => [...store.get().items.values()];
  return { store, rows, answer: (value: Row[] | Error) => answers.shift()?.(value) };
}

describe("the entity store", () => {
  it("ignores a row that is older than what it has", () => {
    const { store, rows } = setUp();
    store.put({ id: "a", at: 2, what: "running" });
    store.put({ id: "a", at: 1, what: "starting" });
    expect(rows()).toEqual([{ id: "a", at: 2, what: "running" }]);
    store.put({ id: "a", at: 2, what: "running, 2 viewers" });
    expect(rows()).toEqual([{ id: "a", at: 2, what: "running, 2 viewers" }]);
  });

  it("keeps what events said while a list was read", async () => {
    const { store, rows, answer } = setUp();
    store.put({ id: "old", at: 1 });
    store.put({ id: "gone", at: 1 });
    const loading = store.load();
    store.put({ id: "new", at: 5 });
    store.put({ id: "old", at: 5, what: "by event" });
    store.remove("gone");
    answer([
      { id: "old", at: 1 },
      { id: "gone", at: 1 },
      { id: "listed", at: 1 },
    ]);
    await loading;
    expect(rows().toSorted((a, b) => a.id.localeCompare(b.id))).toEqual([
      { id: "listed", at: 1 },
      { id: "new", at: 5 },
      { id: "old", at: 5, what: "by event" },
    ]);
  });

  it("forgets rows that a later list does not have", async () => {
    const { store, rows, answer } = setUp();
    store.put({ id: "a", at: 1 });
    const loading = store.load();
    answer([{ id: "b", at: 1 }]);
    await loading;
    expect(rows()).toEqual([{ id: "b", at: 1 }]);
  });

  it("takes the last of two lists, whichever comes first", async () => {
    const { store, rows, answer } = setUp();
    const first = store.load();
    const second = store.load();
    answer([{ id: "first", at: 1 }]);
    answer([{ id: "second", at: 1 }]);
    await Promise.all([first, second]);
    expect(rows()).toEqual([{ id: "second", at: 1 }]);
  });

  it("keeps the list on the screen when reading it again fails", async () => {
    const { store, rows, answer } = setUp();
    const loading = store.load();
    answer([{ id: "a", at: 1 }]);
    await loading;
    const again = store.load();
    answer(new Error("boom"));
    await again;
    expect(rows()).toHaveLength(1);
    expect(store.get()).toMatchObject({ status: "ready", problem: { message: "boom" } });
  });

  it("says so when the first reading fails", async () => {
    const { store, answer } = setUp();
    const loading = store.load();
    expect(store.get().status).toBe("loading");
    answer(new Error("boom"));
    await loading;
    expect(store.get().status).toBe("failed");
  });
});
