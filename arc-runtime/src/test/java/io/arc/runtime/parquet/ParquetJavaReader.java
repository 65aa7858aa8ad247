package io.arc.runtime.parquet;

import com.github.luben.zstd.Zstd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.filter2.compat.FilterCompat;
import org.apache.parquet.filter2.predicate.FilterPredicate;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.MessageType;
import org.xerial.snappy.Snappy;

/// Reads files by parquet-java, page checksums verified.
final class ParquetJavaReader {
    private ParquetJavaReader() {}

    static ParquetFileReader open(Path file) throws IOException {
        return ParquetFileReader.open(new LocalInputFile(file), options().build());
    }

    static ParquetFileReader open(Path file, FilterPredicate filter) throws IOException {
        return ParquetFileReader.open(new LocalInputFile(file), options().withRecordFilter(FilterCompat.get(filter))
                .useStatsFilter().useColumnIndexFilter().build());
    }

    private static ParquetReadOptions.Builder options() {
        return ParquetReadOptions.builder(new PlainParquetConfiguration()).withCodecFactory(new Codecs())
                .usePageChecksumVerification();
    }

    /// All rows in the order of the file, the time as microseconds.
    static List<Object[]> rows(Path file, List<FileColumn> columns) throws IOException {
        List<Object[]> rows = new ArrayList<>();
        try (ParquetFileReader reader = open(file)) {
            MessageType schema = reader.getFileMetaData().getSchema();
            for (PageReadStore pages = reader.readNextRowGroup(); pages != null; pages = reader.readNextRowGroup()) {
                RecordReader<Group> records = new ColumnIOFactory().getColumnIO(schema)
                        .getRecordReader(pages, new GroupRecordConverter(schema));
                for (long i = 0; i < pages.getRowCount(); i++) {
                    rows.add(row(records.read(), columns));
                }
            }
        }
        return rows;
    }

    private static Object[] row(Group group, List<FileColumn> columns) {
        Object[] row = new Object[columns.size() + 1];
        row[0] = group.getLong(0, 0);
        for (int c = 1; c < row.length; c++) {
            if (group.getFieldRepetitionCount(c) > 0) {
                row[c] = switch (columns.get(c - 1).type()) {
                    case INT64 -> group.getLong(c, 0);
                    case FLOAT64 -> group.getDouble(c, 0);
                    case BOOLEAN -> group.getBoolean(c, 0);
                    case TEXT -> group.getBinary(c, 0).toStringUsingUTF8();
                };
            }
        }
        return row;
    }

    private static final class Codecs implements CompressionCodecFactory {
        @Override
        public BytesInputCompressor getCompressor(CompressionCodecName codec) {
            throw new UnsupportedOperationException("this test only reads");
        }

        @Override
        public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
            return new BytesInputDecompressor() {
                @Override
                public BytesInput decompress(BytesInput bytes, int size) throws IOException {
                    byte[] block = bytes.toInputStream().readAllBytes();
                    return BytesInput.from(bytes(codec, block, size));
                }

                @Override
                public void decompress(ByteBuffer input, int length, ByteBuffer output, int size) throws IOException {
                    byte[] block = new byte[length];
                    input.get(block);
                    output.put(bytes(codec, block, size));
                }

                @Override
                public void release() {}
            };
        }

        private static byte[] bytes(CompressionCodecName codec, byte[] block, int size) throws IOException {
            return switch (codec) {
                case UNCOMPRESSED -> block;
                case SNAPPY -> Snappy.uncompress(block);
                case ZSTD -> Zstd.decompress(block, size);
                case GZIP, LZO, BROTLI, LZ4, LZ4_RAW -> throw new IOException("no codec " + codec);
            };
        }

        @Override
        public void release() {}
    }
}
