import { describe, expect, it } from "vitest";
import type { DeadLetter } from "@/api/types";
import { redrivenWords, stillThere, total } from "./deadLetters";

const letter = (id: string) => ({ id }) as DeadLetter;

describe("dead letters", () => {
  it("forgets a choice that is not listed any more", () => {
    expect(stillThere(["a", "b"], [letter("b"), letter("c")])).toEqual(["b"]);
    expect(stillThere([], [letter("b")])).toEqual([]);
  });

  it("counts at least those that it shows", () => {
    expect(total({ items: [letter("a"), letter("b")], count: 0 })).toBe(2);
    expect(total({ items: [letter("a")], count: 340 })).toBe(340);
  });

  it("says what a redrive did", () => {
    expect(redrivenWords({ redriven: 2, dropped: 0 })).toBe("2 messages sent again.");
    expect(redrivenWords({ redriven: 1, dropped: 1 })).toBe(
      "1 message sent again; 1 message dropped, since nothing waits for it.",
    );
    expect(redrivenWords({ redriven: 0, dropped: 3 })).toContain("them");
    expect(redrivenWords({ redriven: 0, dropped: 0 })).toContain("nothing");
  });
});
