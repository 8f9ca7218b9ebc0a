/** Keeps the last picture of a screen that is about to go, so that a drop does not blank the window. */
export function freeze(screen: HTMLElement, still: HTMLElement): void {
  const canvas = screen.querySelector("canvas");
  if (!canvas || canvas.width === 0 || canvas.height === 0) return;
  const copy = document.createElement("canvas");
  copy.width = canvas.width;
  copy.height = canvas.height;
  copy.style.width = canvas.style.width;
  copy.style.height = canvas.style.height;
  copy.getContext("2d")?.drawImage(canvas, 0, 0);
  still.replaceChildren(copy);
}
