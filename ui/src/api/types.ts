/** The API's views by the names the UI uses. The generated document is the only source. */
import type { Preferences } from "./account";
import type { Branding } from "./coming";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Me = Schemas["MeView"] & {
  user: { preferences?: Preferences; group_ids?: string[] };
  tenant: { branding?: Branding };
};
export type TokenAnswer = Schemas["TokenView"];
export type LoginRequest = Schemas["Login"];
export type Template = Schemas["TemplateView"];
export type Session = Schemas["SessionView"];
export type SessionCreate = Schemas["CreateSession"];
export type Controller = Schemas["ControllerView"];
export type ControllerPatch = Schemas["ChangeController"];
export type EnrollmentRequest = Schemas["CreateEnrollmentToken"];
export type EnrollmentToken = Schemas["EnrollmentTokenView"];
export type ConnectAnswer = Schemas["ConnectView"];
export type StreamPermissions = Schemas["PermissionsView"];
export type TimelineEntry = Schemas["TimelineEntryView"];
export type Placement = Schemas["PlacementView"];
export type Verdict = Schemas["VerdictView"];
export type Quota = Schemas["QuotaView"];
export type Reason = Schemas["ReasonView"];
export type EventTicket = Schemas["EventTicketView"];
export type StreamEvent = Schemas["EventView"];

export type SessionState = Session["state"];
export type SessionStage = NonNullable<Session["stage"]>;

export type Role = "owner" | "admin" | "operator" | "member" | "auditor";

/** A person or a service account of the organisation. */
export interface Member {
  id: string;
  email: string;
  name: string;
  role: Role;
  kind: "person" | "service";
  group_ids: string[];
  charged_group_id: string | null;
  disabled: boolean;
  created_at: string;
  last_sign_in_at: string | null;
}
export interface MemberPatch {
  name?: string;
  role?: Role;
  disabled?: boolean;
  charged_group_id?: string | null;
}
export interface SignIn {
  id: string;
  created_at: string;
  last_used_at: string;
  source_ip: string;
  user_agent: string;
  current: boolean;
}
export interface Invitation {
  id: string;
  email: string;
  name: string | null;
  role: Role;
  group_ids: string[];
  state: "pending" | "accepted" | "expired" | "revoked";
  created_by: string;
  created_at: string;
  expires_at: string;
  link?: string | null;
}
export interface InvitationRequest {
  email: string;
  role: Role;
  name?: string;
  group_ids?: string[];
}
export interface Group {
  id: string;
  name: string;
  description: string;
  member_count: number;
  created_at: string;
}
export interface GroupRequest {
  name: string;
  description?: string;
}
export interface Roles {
  items: { name: Role; description: string; permissions: string[] }[];
  permissions: { name: string; description: string }[];
}
export interface ApiKey {
  id: string;
  name: string;
  user_id: string;
  hint: string;
  scopes: string[];
  created_at: string;
  expires_at: string;
  last_used_at: string | null;
  last_used_ip: string | null;
  state: "active" | "expired" | "revoked";
}
export interface NewApiKey extends ApiKey {
  key: string;
}
export interface ApiKeyRequest {
  name: string;
  scopes: string[];
  expires_in_days: number;
  user_id?: string;
}
export interface ServiceAccountRequest {
  name: string;
  role: Role;
  group_ids?: string[];
}
export interface AuthOptions {
  sign_up: boolean;
  password_min_length: number;
}
export interface OpenInvitation {
  organisation: string;
  email: string;
  role: Role;
  invited_by: string;
  expires_at: string;
}
