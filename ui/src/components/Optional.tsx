/** The label of a field that may stay empty. */
export function Optional({ children }: { children: string }) {
  return (
    <span>
      {children} <i>– optional</i>
    </span>
  );
}
