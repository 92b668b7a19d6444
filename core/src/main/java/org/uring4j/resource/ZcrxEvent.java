package org.uring4j.resource;

import org.uring4j.internal.uapi.IoUringConstants;

/** What the kernel can tell of an interface queue. Since Linux 7.2. */
public enum ZcrxEvent {
    /** No buffer was free when the network card wanted one ({@code ZCRX_EVENT_ALLOC_FAIL}). */
    ALLOC_FAIL(IoUringConstants.ZCRX_EVENT_ALLOC_FAIL),

    /** Data was copied ({@code ZCRX_EVENT_COPY}). */
    COPY(IoUringConstants.ZCRX_EVENT_COPY);

    final int code;

    ZcrxEvent(int code) {
        this.code = code;
    }

    static ZcrxEvent of(int result) {
        for (ZcrxEvent event : values()) {
            if (event.code == result) {
                return event;
            }
        }
        throw new IllegalArgumentException("the completion tells of no event: result=" + result);
    }
}
