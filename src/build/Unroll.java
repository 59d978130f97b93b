import java.io.IOException;
import java.io.OutputStream;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * usage: java --class-path CLASSPATH Unroll.java JAR RESULT
 *
 * Copies a jar and writes out what its classes leave to the JVM to make at their first use: equals and hashCode of
 * records, and switches over types. They do as before (java.lang.runtime.ObjectMethods, SwitchBootstraps), but the JVM
 * would make these anew at each start, a millisecond or more each: an AOT cache of JDK 25 has only what lambdas need.
 * CLASSPATH is that of the jar's classes, for their stack maps (JVMS section 4.7.4).
 */
final class Unroll {
    private static final int MULTIPLIER = 31;

    private Unroll() {
    }

    public static void main(String[] args) throws IOException {
        try (JarFile in = new JarFile(args[0]);
                OutputStream file = Files.newOutputStream(Path.of(args[1]));
                ZipOutputStream out = new ZipOutputStream(file)) {
            for (JarEntry entry : in.stream().toList()) {
                byte[] bytes = in.getInputStream(entry).readAllBytes();
                out.putNextEntry(new ZipEntry(entry.getName()));
                out.write(entry.getName().endsWith(".class") ? plain(bytes) : bytes);
            }
        }
    }

    private static byte[] plain(byte[] bytes) {
        ClassFile format = ClassFile.of();
        ClassModel model = format.parse(bytes);
        Plain plain = new Plain(model);
        return format.transformClass(model, ClassTransform.transformingMethodBodies(Plain::concerns, plain::instruction)
                .andThen(ClassTransform.endHandler(plain::switches)));
    }

    /** What becomes of one class. */
    private static final class Plain {
        private final ClassDesc type;
        private final boolean isInterface;
        private final List<InvokeDynamicInstruction> switches = new ArrayList<>();

        Plain(ClassModel model) {
            type = model.thisClass().asSymbol();
            isInterface = model.flags().has(AccessFlag.INTERFACE);
        }

        static boolean concerns(MethodModel method) {
            return method.code().stream().flatMap(code -> code.elementStream())
                    .anyMatch(element -> element instanceof InvokeDynamicInstruction call
                            && (isOfRecord(call, "equals") || isOfRecord(call, "hashCode") || isTypeSwitch(call)));
        }

        private static boolean isOfRecord(InvokeDynamicInstruction call, String method) {
            return call.bootstrapMethod().owner().displayName().equals("ObjectMethods")
                    && call.name().equalsString(method);
        }

        /** Between classes; other labels are left as they are. */
        private static boolean isTypeSwitch(InvokeDynamicInstruction call) {
            return call.bootstrapMethod().owner().displayName().equals("SwitchBootstraps")
                    && call.name().equalsString("typeSwitch")
                    && call.bootstrapArgs().stream().allMatch(ClassDesc.class::isInstance);
        }

        void instruction(CodeBuilder code, CodeElement element) {
            if (!(element instanceof InvokeDynamicInstruction call)) {
                code.with(element);
            } else if (isOfRecord(call, "hashCode")) {
                hash(code, components(call));
            } else if (isOfRecord(call, "equals")) {
                compare(code, components(call));
            } else if (isTypeSwitch(call)) {
                code.invokestatic(type, "typeSwitch$" + switches.size(), call.typeSymbol(), isInterface);
                switches.add(call);
            } else {
                code.with(call);
            }
        }

        private static List<DirectMethodHandleDesc> components(InvokeDynamicInstruction call) {
            return call.bootstrapArgs().stream().skip(2).map(DirectMethodHandleDesc.class::cast).toList();
        }

        /** In place of this on the stack, the hash of the record in local variable 0. */
        private static void hash(CodeBuilder code, List<DirectMethodHandleDesc> components) {
            code.pop().iconst_0();
            for (DirectMethodHandleDesc component : components) {
                ClassDesc type = load(code.bipush(MULTIPLIER).imul(), 0, component);
                code.invokestatic(methods(type), "hashCode", MethodTypeDesc.of(ConstantDescs.CD_int, erased(type))).iadd();
            }
        }

        /** In place of this and the other on the stack, whether the latter, in variable 1, equals the record in 0. */
        private void compare(CodeBuilder code, List<DirectMethodHandleDesc> components) {
            Label different = code.newLabel();
            Label end = code.newLabel();
            code.pop2().aload(1).instanceOf(type).ifeq(different).aload(1).checkcast(type).astore(1);
            for (DirectMethodHandleDesc component : components) {
                ClassDesc type = load(code, 0, component);
                load(code, 1, component);
                if (type.isPrimitive()) {
                    code.invokestatic(methods(type), "compare", MethodTypeDesc.of(ConstantDescs.CD_int, type, type))
                            .ifne(different);
                } else {
                    code.invokestatic(methods(type), "equals", MethodTypeDesc.of(ConstantDescs.CD_boolean,
                            ConstantDescs.CD_Object, ConstantDescs.CD_Object)).ifeq(different);
                }
            }
            code.iconst_1().goto_(end).labelBinding(different).iconst_0().labelBinding(end);
        }

        private static ClassDesc load(CodeBuilder code, int variable, DirectMethodHandleDesc component) {
            ClassDesc type = component.invocationType().returnType();
            code.aload(variable).getfield(component.owner(), component.methodName(), type);
            return type;
        }

        /** The class whose static methods compare and hash values of a type. */
        private static ClassDesc methods(ClassDesc type) {
            return switch (type.descriptorString()) {
                case "Z" -> ConstantDescs.CD_Boolean;
                case "B" -> ConstantDescs.CD_Byte;
                case "C" -> ConstantDescs.CD_Character;
                case "S" -> ConstantDescs.CD_Short;
                case "I" -> ConstantDescs.CD_Integer;
                case "J" -> ConstantDescs.CD_Long;
                case "F" -> ConstantDescs.CD_Float;
                case "D" -> ConstantDescs.CD_Double;
                default -> ClassDesc.of("java.util.Objects");
            };
        }

        private static ClassDesc erased(ClassDesc type) {
            return type.isPrimitive() ? type : ConstantDescs.CD_Object;
        }

        /** The methods (value, first) that say which label from the first on is the value's; -1 is null's. */
        void switches(ClassBuilder built) {
            for (int i = 0; i < switches.size(); i++) {
                InvokeDynamicInstruction call = switches.get(i);
                built.withMethodBody("typeSwitch$" + i, call.typeSymbol(),
                        ClassFile.ACC_PRIVATE | ClassFile.ACC_STATIC | ClassFile.ACC_SYNTHETIC,
                        code -> choose(code, call.bootstrapArgs().stream().map(ClassDesc.class::cast).toList()));
            }
        }

        private static void choose(CodeBuilder code, List<ClassDesc> labels) {
            Label any = code.newLabel();
            code.aload(0).ifnonnull(any).iconst_m1().ireturn().labelBinding(any);
            for (int i = 0; i < labels.size(); i++) {
                Label next = code.newLabel();
                code.iload(1).loadConstant(i).if_icmpgt(next).aload(0).instanceOf(labels.get(i)).ifeq(next)
                        .loadConstant(i).ireturn().labelBinding(next);
            }
            code.loadConstant(labels.size()).ireturn();
        }
    }
}
