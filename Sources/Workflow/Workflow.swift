// The room Workflow.
