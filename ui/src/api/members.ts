import { client, unwrap } from "./client";
import { everyPage } from "./pages";
import type {
  Invitation,
  InvitationRequest,
  Member,
  MemberPatch,
  Roles,
  ServiceAccountRequest,
  MemberSignIn,
} from "./types";

const at = (user_id: string) => ({ params: { path: { user_id } } });
const which = (invitation_id: string) => ({ params: { path: { invitation_id } } });

export const listMembers = (kind?: Member["kind"]): Promise<Member[]> =>
  everyPage((cursor) => unwrap(client.GET("/v1/users", { params: { query: { kind, limit: 100, cursor } } })));

export const getMember = (id: string): Promise<Member> => unwrap(client.GET("/v1/users/{user_id}", at(id)));

export const changeMember = (id: string, body: MemberPatch): Promise<Member> =>
  unwrap(client.PATCH("/v1/users/{user_id}", { ...at(id), body }));

export const removeMember = async (user_id: string, delete_homes: boolean): Promise<void> => {
  await unwrap(client.DELETE("/v1/users/{user_id}", { params: { path: { user_id }, query: { delete_homes } } }));
};

export const listSignIns = async (id: string): Promise<MemberSignIn[]> =>
  (await unwrap(client.GET("/v1/users/{user_id}/sign-ins", at(id)))).items;

export const endSignIns = async (id: string): Promise<void> => {
  await unwrap(client.DELETE("/v1/users/{user_id}/sign-ins", at(id)));
};

export const listInvitations = (): Promise<Invitation[]> =>
  everyPage((cursor) => unwrap(client.GET("/v1/invitations", { params: { query: { limit: 100, cursor } } })));

export const invite = (body: InvitationRequest): Promise<Invitation> =>
  unwrap(client.POST("/v1/invitations", { body }));

export const resendInvitation = (id: string): Promise<Invitation> =>
  unwrap(client.POST("/v1/invitations/{invitation_id}/resend", which(id)));

export const revokeInvitation = async (id: string): Promise<void> => {
  await unwrap(client.DELETE("/v1/invitations/{invitation_id}", which(id)));
};

export const getRoles = (): Promise<Roles> => unwrap(client.GET("/v1/roles"));

export const createServiceAccount = (body: ServiceAccountRequest): Promise<Member> =>
  unwrap(client.POST("/v1/service-accounts", { body }));
