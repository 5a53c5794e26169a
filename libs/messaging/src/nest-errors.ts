import { RpcExceptionsHandler } from '@nestjs/microservices/exceptions/rpc-exceptions-handler.js';
import { BaseRpcContext } from '@nestjs/microservices';
import { throwError } from 'rxjs';
import type { BusMessage } from './port.js';

/** What a controller gets through `@Ctx()`: the message as it lies on the bus. */
export class BusContext extends BaseRpcContext<[BusMessage, AbortSignal]> {
  message(): BusMessage {
    return this.args[0];
  }

  /** Aborted when the partition is lost or the consumer stops. */
  signal(): AbortSignal {
    return this.args[1];
  }
}

let kept = false;

/**
 * Nest's last filter turns every error of a handler into `{ status, message }`, so that nobody could tell a
 * database that is down from a bad message. For messages of this bus, and only those, the error stays what it is.
 */
export const keepHandlerErrors = (): void => {
  if (kept) return;
  kept = true;
  const { handle } = RpcExceptionsHandler.prototype;
  RpcExceptionsHandler.prototype.handle = function (exception, host) {
    return host.getArgByIndex(1) instanceof BusContext
      ? throwError(() => exception)
      : handle.call(this, exception, host);
  };
};
