/** The viewer draws its own icons: its chunk carries no component library. */
import type { ReactNode } from "react";

const draw = (paths: ReactNode) => (
  <svg
    viewBox="0 0 20 20"
    width="18"
    height="18"
    fill="none"
    stroke="currentColor"
    strokeWidth="1.6"
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
    focusable="false"
  >
    {paths}
  </svg>
);

export const BackIcon = () => draw(<path d="M12 4 6 10l6 6" />);
export const ClipboardIcon = () =>
  draw(
    <path d="M7.5 4H6a1.5 1.5 0 0 0-1.5 1.5v10A1.5 1.5 0 0 0 6 17h8a1.5 1.5 0 0 0 1.5-1.5v-10A1.5 1.5 0 0 0 14 4h-1.5M7.5 3h5v2.5h-5zM7.5 9.5h5M7.5 12.5h3" />,
  );
export const KeysIcon = () => draw(<path d="M3 5h14v10H3zM6 8h.01M10 8h.01M14 8h.01M6.5 12h7" />);
export const TouchKeyboardIcon = () =>
  draw(<path d="M3 3h14v9H3zM6 6h.01M10 6h.01M14 6h.01M7 9h6M7.5 15l2.5 2.5 2.5-2.5" />);
export const ScalingIcon = () => draw(<path d="M11.5 3H17v5.5M17 3l-5.5 5.5M8.5 17H3v-5.5M3 17l5.5-5.5" />);
export const FullScreenIcon = () => draw(<path d="M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4" />);
export const LeaveFullScreenIcon = () => draw(<path d="M7 3v4H3M17 7h-4V3M13 17v-4h4M3 13h4v4" />);
export const MoreIcon = () => draw(<path d="M10 5h.01M10 10h.01M10 15h.01" strokeWidth="2.6" />);
export const EyeIcon = () =>
  draw(<path d="M2.5 10S5 5 10 5s7.5 5 7.5 5-2.5 5-7.5 5-7.5-5-7.5-5zM10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4z" />);
export const CloseIcon = () => draw(<path d="m5 5 10 10M15 5 5 15" />);
