/** The generated protobuf messages, for files, records and control messages. */
export * from './gen/sluice/v1/approval_pb.js';
export * from './gen/sluice/v1/audit_pb.js';
export * from './gen/sluice/v1/decision_pb.js';
export * from './gen/sluice/v1/manifest_pb.js';
export * from './gen/sluice/v1/plan_pb.js';
export * from './gen/sluice/v1/session_pb.js';
