package io.arc.runtime.http;

import io.helidon.common.GenericType;
import io.helidon.common.media.type.MediaType;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.http.spi.Sink;
import io.helidon.webserver.http.spi.SinkProvider;
import io.helidon.webserver.http.spi.SinkProviderContext;
import java.util.function.BiConsumer;

/// Found by Helidon as a service; see [ClientWatch.Line].
public final class LineProvider implements SinkProvider<Object> {
    @Override
    public boolean supports(GenericType<? extends Sink<?>> type, ServerRequest request) {
        return type.rawType() == ClientWatch.Line.class;
    }

    @Override
    @SuppressWarnings("unchecked")
    public <X extends Sink<Object>> X create(SinkProviderContext context) {
        return (X) new ClientWatch.Line(context.connectionContext());
    }

    @Override
    @Deprecated
    @SuppressWarnings("removal")
    public <X extends Sink<Object>> X create(ServerResponse response, BiConsumer<Object, MediaType> events, Runnable closing) {
        throw new UnsupportedOperationException("needs the connection");
    }
}
