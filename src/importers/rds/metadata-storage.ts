/** What a port of RDS that implements `metadata` can be asked, as actions of its connector: `/metadata` of its interface. */
import { Content, defineAction, path } from '../../connector/define.ts';
import type { Action } from '../../connector/definition.ts';

const projectId = { name: 'projectId', optional: false } as const;
const fileId = { name: 'fileId', optional: false } as const;
const metadata = { name: 'metadata', type: 'object' } as const;
const project = [{ name: 'projectId' }, metadata, { name: 'DOI' }, { name: 'state' }] as const;
const asProject = { id: 'projectId', doi: 'DOI' } as const;
const file = [{ name: 'id' }, { name: 'filename' }] as const;
const asFile = {
  name: 'filename',
  project: (_row: unknown, request: { readonly project?: unknown }) => request.project,
};
const deleted = [{ name: 'deleted', type: 'boolean' }] as const;

/** Requests carry their arguments as JSON bodies, on GET too. */
export const metadataStorageActions: Readonly<Record<string, Action>> = {
  list_projects: defineAction({
    title: 'List projects',
    readOnly: true,
    capability: { name: 'listProjects', output: asProject },
    output: project,
    list: true,
    execute: (connection) => connection.get('metadata/project'),
  }),
  get_project: defineAction({
    title: 'Get project',
    readOnly: true,
    capability: { name: 'getProject', input: { projectId: 'id' }, output: asProject },
    input: [projectId],
    output: project,
    async execute(connection, input) {
      const found: unknown = await connection
        .get(path`metadata/project/${input.projectId}`)
        .afterErrorResponse(404, () => null);
      return found === null ? null : { projectId: input.projectId, metadata: found };
    },
  }),
  create_project: defineAction({
    title: 'Create project',
    capability: { name: 'createProject', output: asProject },
    input: [metadata],
    output: project,
    execute: (connection, input) => connection.post('metadata/project', { metadata: input.metadata ?? {} }),
  }),
  update_project: defineAction({
    title: 'Update project',
    capability: { name: 'updateProject', input: { projectId: 'id' }, output: asProject },
    input: [projectId, { ...metadata, optional: false }],
    output: project,
    async execute(connection, input) {
      const changed: unknown = await connection.patch(path`metadata/project/${input.projectId}`, {
        metadata: input.metadata,
      });
      return { projectId: input.projectId, metadata: changed };
    },
  }),
  /** Answers nothing, or the DOI. */
  publish_project: defineAction({
    title: 'Publish project',
    capability: { name: 'publishProject', input: { projectId: 'id' }, output: asProject },
    input: [projectId],
    output: project,
    async execute(connection, input) {
      const answer: unknown = await connection.put(path`metadata/project/${input.projectId}`);
      const { DOI } = (answer ?? {}) as { readonly DOI?: unknown };
      return { projectId: input.projectId, state: 'PUBLISHED', ...(typeof DOI === 'string' && { DOI }) };
    },
  }),
  delete_project: defineAction({
    title: 'Delete project',
    capability: { name: 'deleteProject', input: { projectId: 'id' } },
    input: [projectId],
    output: deleted,
    async execute(connection, input) {
      await connection.delete(path`metadata/project/${input.projectId}`);
      return { deleted: true };
    },
  }),
  list_project_files: defineAction({
    title: 'List project files',
    readOnly: true,
    capability: { name: 'listProjectFiles', input: { projectId: 'project' }, output: asFile },
    input: [projectId],
    output: file,
    list: true,
    execute: (connection, input) => connection.get(path`metadata/project/${input.projectId}/files`),
  }),
  get_project_file: defineAction({
    title: 'Get project file',
    readOnly: true,
    capability: { name: 'getProjectFile', input: { projectId: 'project', fileId: 'id' }, output: asFile },
    input: [projectId, fileId],
    output: file,
    execute: (connection, input) =>
      connection
        .get(path`metadata/project/${input.projectId}/files/${input.fileId}`)
        .afterErrorResponse(404, () => null),
  }),
  /** The interface gives a content as a text in JSON. */
  download_project_file: defineAction({
    title: 'Download project file',
    readOnly: true,
    capability: { name: 'readProjectFile', input: { projectId: 'project', fileId: 'id' } },
    input: [projectId, fileId],
    output: [{ name: 'content', type: 'stream' }],
    async execute(connection, input) {
      const { filename, content } = await connection.get(
        path`metadata/project/${input.projectId}/files/${input.fileId}`,
      );
      return { content: Content.of(String(content ?? ''), { name: String(filename ?? '') }) };
    },
  }),
  upload_project_file: defineAction({
    title: 'Upload project file',
    capability: { name: 'writeProjectFile', input: { projectId: 'project' } },
    input: [
      projectId,
      { name: 'name', optional: false },
      { name: 'folder' },
      { name: 'mediaType' },
      { name: 'content', type: 'stream', optional: false },
    ],
    output: file,
    async execute(connection, { projectId: id, name, folder, mediaType, content }) {
      const answer = await connection.post(path`metadata/project/${id}/files`).multipart({
        filename: name,
        folder: folder ?? undefined,
        files: [content, mediaType ?? content.mediaType, name],
      });
      if (answer?.success === false) connection.error('The port did not take the file.', 'refused');
      return { id: name, filename: name };
    },
  }),
  delete_project_file: defineAction({
    title: 'Delete project file',
    capability: { name: 'deleteProjectFile', input: { projectId: 'project', fileId: 'id' } },
    input: [projectId, fileId],
    output: deleted,
    async execute(connection, input) {
      await connection.delete(path`metadata/project/${input.projectId}/files/${input.fileId}`);
      return { deleted: true };
    },
  }),
};
