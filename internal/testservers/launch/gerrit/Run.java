/** Calls the main method of one of Gerrit's programs, as Gerrit's own launcher does for the war. */
public final class Run {
  public static void main(String[] args) throws Exception {
    Class<?> program = Class.forName("com.google.gerrit.pgm." + args[0]);
    Object instance = program.getDeclaredConstructor().newInstance();
    String[] rest = java.util.Arrays.copyOfRange(args, 1, args.length);
    Object status = program.getMethod("main", String[].class).invoke(instance, (Object) rest);
    // Daemon's main answers 0 and goes on in threads of its own.
    if (status instanceof Integer && ((Integer) status != 0 || !"Daemon".equals(args[0]))) {
      System.exit((Integer) status);
    }
  }
}
