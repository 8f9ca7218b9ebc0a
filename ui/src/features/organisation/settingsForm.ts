/** The settings as somebody edits them: lists as lines, numbers as text, and what is wrong with them. */
import type { TenantSettings } from "@/api/organisation";
import { admits, networkProblem } from "./networks";

export interface AccessForm {
  networks: string;
  passwordLength: string;
  invitationDays: string;
}

export type AccessErrors = Partial<Record<keyof AccessForm, string>>;

const PASSWORD = { min: 10, max: 128 };
const DAYS = { min: 1, max: 30 };
const MOST_LINES = 100;
const LONGEST_PATTERN = 200;

export const accessForm = ({ ip_allow_list, password_min_length, invitation_days }: TenantSettings): AccessForm => ({
  networks: ip_allow_list.join("\n"),
  passwordLength: String(password_min_length),
  invitationDays: String(invitation_days),
});

export const lines = (text: string): string[] => [
  ...new Set(
    text
      .split(/[\n,]/)
      .map((line) => line.trim())
      .filter(Boolean),
  ),
];

export function accessErrors(form: AccessForm): AccessErrors {
  const errors: AccessErrors = {};
  const listed = lines(form.networks);
  const wrong = listed.map(networkProblem).find((problem) => problem !== null);
  if (wrong) errors.networks = wrong;
  else if (listed.length > MOST_LINES) errors.networks = `Use at most ${MOST_LINES} networks.`;
  if (!inRange(form.passwordLength, PASSWORD))
    errors.passwordLength = `Use a whole number from ${PASSWORD.min} to ${PASSWORD.max}.`;
  if (!inRange(form.invitationDays, DAYS))
    errors.invitationDays = `Use a whole number from ${DAYS.min} to ${DAYS.max}.`;
  return errors;
}

export const accessSettings = (form: AccessForm): Partial<TenantSettings> => ({
  ip_allow_list: lines(form.networks),
  password_min_length: Number(form.passwordLength),
  invitation_days: Number(form.invitationDays),
});

/** Whether saving would refuse the very person who saves. The list has to be right for an answer. */
export const shutsOut = (form: AccessForm, ownAddress: string | null): boolean =>
  ownAddress !== null && !accessErrors(form).networks && !admits(lines(form.networks), ownAddress);

/** What is wrong with a list of image patterns; null when nothing is. */
export function imagesProblem(patterns: readonly string[]): string | null {
  if (patterns.length > MOST_LINES) return `Use at most ${MOST_LINES} patterns.`;
  const wrong = patterns.find((pattern) => pattern.length > LONGEST_PATTERN || !/^[\x21-\x7e]+$/.test(pattern));
  return wrong === undefined
    ? null
    : `“${wrong.slice(0, 60)}” is not an image's name. Use one such as ghcr.io/acme/*, with * for any part of it.`;
}

function inRange(text: string, { min, max }: { min: number; max: number }): boolean {
  return /^\d{1,3}$/.test(text.trim()) && Number(text) >= min && Number(text) <= max;
}
