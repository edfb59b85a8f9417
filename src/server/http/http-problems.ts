/**
 * What can be wrong with a request, or with us, that is no refusal of a person: the second closed list beside src/refusals.ts. The
 * same kind of entry, the same kind of page under /problems/.
 */
export const httpProblems = {
  bad_request: {
    status: 400,
    title: 'The request cannot be understood without doubt',
    remedy: 'Mend what the detail describes. Requests that two servers could read in two ways are refused.',
  },
  not_found: {
    status: 404,
    title: 'There is nothing at this address',
    remedy: 'Check the path. The administrator finds in the configuration which routes there are.',
  },
  method_not_allowed: {
    status: 405,
    title: 'This address does not take this method',
    remedy: 'Use one of the methods that the Allow field of the answer names.',
  },
  request_timeout: {
    status: 408,
    title: 'The request did not arrive in time',
    remedy: 'Send the whole request without long pauses.',
  },
  conflict: {
    status: 409,
    title: 'Something else stands in the way of this',
    remedy: 'Choose another name, or look at what is there already.',
  },
  precondition_failed: {
    status: 412,
    title: 'It is no longer what you think it is',
    remedy: 'Fetch it again, and repeat the change on what it is now.',
  },
  payload_too_large: {
    status: 413,
    title: 'The body of the request is too large',
    remedy: 'Send less, or ask the administrator to raise limits.maxBodyBytes of the listener.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The body is not of a type that is understood here',
    remedy: 'Send the type that the detail names, and say so in the Content-Type field.',
  },
  expectation_failed: {
    status: 417,
    title: 'The Expect field asks for something unknown',
    remedy: 'Send no Expect field, or Expect: 100-continue.',
  },
  too_many_requests: {
    status: 429,
    title: 'Too many requests',
    remedy: 'Wait as long as the Retry-After field of the answer says.',
  },
  header_fields_too_large: {
    status: 431,
    title: 'The header section of the request is too large',
    remedy:
      'Send fewer or shorter header fields, or ask the administrator to raise limits.maxHeaderBytes of the listener.',
  },
  internal_error: {
    status: 500,
    title: 'Something failed here',
    remedy: 'Tell the administrator the request ID: the log has the cause.',
  },
  not_implemented: {
    status: 501,
    title: 'The request asks for something that is not implemented here',
    remedy: 'See the detail for what is not understood.',
  },
  bad_gateway: {
    status: 502,
    title: 'The resource behind this server did not answer properly',
    remedy: 'Try again later. The administrator finds the cause in the log under the request ID.',
  },
  service_unavailable: {
    status: 503,
    title: 'The server is not ready for this now',
    remedy: 'Try again in a moment.',
  },
  store_unavailable: {
    status: 503,
    title: 'It cannot be found out now who may do this',
    remedy: 'Try again after the seconds that the Retry-After field of the answer names.',
  },
  gateway_timeout: {
    status: 504,
    title: 'The resource behind this server did not answer in time',
    remedy: 'Try again later. The administrator finds the cause in the log under the request ID.',
  },
} as const satisfies Record<string, { status: number; title: string; remedy: string }>

export type HttpProblemCode = keyof typeof httpProblems
