package io.arc.plugin.storage.s3;

import io.arc.testkit.Fault;

/// Errors as S3 answers them.
final class S3Replies {
    private S3Replies() {}

    static byte[] error(int status, String code, String message) {
        return Fault.reply(status, code, "application/xml", "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>" + code
                + "</Code><Message>" + message + "</Message><RequestId>1</RequestId></Error>");
    }
}
