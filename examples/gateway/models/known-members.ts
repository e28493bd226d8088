/** Members that requests of restricted tokens can contain. All other members are rejected, also future ones. */
export interface KnownMembers {
  readonly body: ReadonlySet<string>;
  /** Members of tools that the client executes. */
  readonly tool: ReadonlySet<string>;
  /** Items of `input`, if the format has a list of items. */
  readonly item?: { readonly types: ReadonlySet<string>; readonly members: ReadonlySet<string> };
  /** Types of content blocks in messages, if some types add tools. */
  readonly blockTypes?: ReadonlySet<string>;
}

/** Returns the names in a string, separated by white space. */
export const setOfNames = (names: string): ReadonlySet<string> => new Set(names.trim().split(/\s+/));

/** Members of the object `function` in a tool, and of the entries of `functions`. */
export const FUNCTION_MEMBERS = setOfNames('name description parameters strict');

/** Members of the object `custom` in a tool. */
export const CUSTOM_TOOL_MEMBERS = setOfNames('name description format');

/** Members of OpenAI chat requests. `web_search_options` and `moderation` are absent: both use other models or tools. */
export const CHAT_MEMBERS: KnownMembers = {
  body: setOfNames(`
    model messages audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens
    metadata modalities n parallel_tool_calls prediction presence_penalty prompt_cache_key prompt_cache_options
    prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier stop store stream
    stream_options temperature tool_choice tools top_logprobs top_p user verbosity
  `),
  tool: setOfNames('type function custom'),
};

export const EMBEDDINGS_MEMBERS: KnownMembers = {
  body: setOfNames('model input dimensions encoding_format user'),
  tool: setOfNames('type'),
};

/**
 * Members of Anthropic messages. Absent are `mcp_servers` and `container`, which add tools, `fallbacks`, which selects
 * models, and `thread`, which continues a conversation at the provider.
 */
export const MESSAGES_MEMBERS: KnownMembers = {
  body: setOfNames(`
    model messages max_tokens cache_control compaction context_management inference_geo metadata output_config
    output_format service_tier speed stop_sequences stream system temperature thinking tool_choice tools top_k top_p
  `),
  tool: setOfNames(`
    type name description input_schema strict cache_control defer_loading eager_input_streaming input_examples
  `),
  // Absent are `mcp_tool_listing`, which defines tools, and `fallback`, which names models.
  blockTypes: setOfNames(`
    text image document search_result thinking redacted_thinking tool_use tool_result server_tool_use mcp_tool_use
    mcp_tool_result web_search_tool_result web_fetch_tool_result advisor_tool_result code_execution_tool_result
    bash_code_execution_tool_result text_editor_code_execution_tool_result tool_search_tool_result container_upload
    compaction tool_addition tool_removal
  `),
};

/**
 * Members of OpenAI responses. Absent are members that use tools, models or data of the provider account: `background`,
 * `context_management`, `conversation`, `moderation`, `previous_response_id` and `prompt`.
 */
export const RESPONSES_MEMBERS: KnownMembers = {
  body: setOfNames(`
    model input client_metadata include instructions max_output_tokens max_tool_calls metadata parallel_tool_calls
    prompt_cache_key prompt_cache_options prompt_cache_retention reasoning safety_identifier service_tier store stream
    stream_options temperature text tool_choice tools top_logprobs top_p truncation user
  `),
  tool: setOfNames(
    'type name description parameters strict format allowed_callers defer_loading output_schema',
  ),
  item: {
    // Other items add tools, for example `additional_tools`, or refer to data of the provider account.
    types: setOfNames(
      'message function_call function_call_output custom_tool_call custom_tool_call_output reasoning',
    ),
    members: setOfNames(`
      type id role content phase status call_id name namespace arguments input output caller summary encrypted_content
    `),
  },
};

/** Members of a tool of type `namespace`, which contains tools of the client. */
export const NAMESPACE_MEMBERS = setOfNames('type name description tools');

/**
 * Members with which providers and routers select a different model than `model`, beside members whose name contains
 * `model` or `fallbacks`. They are rejected for all tokens.
 */
export const MODEL_SELECTING_MEMBERS = setOfNames(`
  route plugins preset prompt api_base base_url custom_llm_provider deployment_id litellm_params user_config
`);
