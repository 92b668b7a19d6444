/** The {@code uring4j} command. */
module org.uring4j.tool {
    requires com.fasterxml.jackson.jr.ob;
    requires info.picocli;
    requires java.management;
    requires me.tongfei.progressbar;
    requires org.uring4j;
    requires org.uring4j.io;
    requires static org.jspecify;

    opens org.uring4j.tool to
            info.picocli;
}
