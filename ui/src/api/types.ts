/** The API's views by the names the UI uses. The generated document is the only source. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Me = Schemas["MeView"];
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
