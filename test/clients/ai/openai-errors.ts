/** Names of the errors of OpenAI's client. */
export const OPENAI_ERRORS = {
  400: 'BadRequestError',
  401: 'AuthenticationError',
  403: 'PermissionDeniedError',
  429: 'RateLimitError',
  503: 'InternalServerError',
} as const;
