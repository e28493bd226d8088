/** Audit events of requests whose client address is unknown. All of them share one limit. */
export type ClientAddressEvent =
  | {
      /**
       * A client has no IP address. All clients without an address share one limit on failed authentications. The event
       * is recorded once per token router.
       */
      readonly type: 'client_address.unknown';
    }
  | {
      /**
       * A request with forwarding headers came from a peer that `trust proxy` does not cover. If the peer is a proxy,
       * all its clients share one limit on failed authentications. The event is recorded once per token router.
       */
      readonly type: 'proxy.untrusted';
      /** Address of the peer. */
      readonly ip?: string;
      /** ID of the request that the application assigned. */
      readonly requestId?: string;
    };
