//! What the server says to readers, by language. Where a language is not known
//! it speaks English, and says so in `lang`.

/// The words of one language. `{address}` is a masked address and `{newsletter}`
/// the publication.
pub(super) struct Words {
    /// The language, a BCP 47 tag.
    pub(super) language: &'static str,
    pub(super) leave_title: &'static str,
    pub(super) leave_text: &'static str,
    pub(super) leave: &'static str,
    pub(super) left_title: &'static str,
    pub(super) left_text: &'static str,
    pub(super) undo_text: &'static str,
    pub(super) undo: &'static str,
    pub(super) back_title: &'static str,
    pub(super) back_text: &'static str,
    pub(super) late_title: &'static str,
    pub(super) late_text: &'static str,
    pub(super) unknown_title: &'static str,
    pub(super) unknown_text: &'static str,
    pub(super) nobody_text: &'static str,
    pub(super) missing_title: &'static str,
    pub(super) missing_text: &'static str,
    pub(super) trouble_title: &'static str,
    pub(super) trouble_text: &'static str,
    pub(super) preferences_title: &'static str,
    pub(super) preferences_text: &'static str,
    pub(super) language_label: &'static str,
    pub(super) save: &'static str,
    pub(super) saved_title: &'static str,
    pub(super) test_title: &'static str,
    pub(super) test_text: &'static str,
}

impl Words {
    /// The words of a language.
    pub(super) fn of(language: &str) -> &'static Words {
        let lower = language.to_ascii_lowercase();
        let traditional = ["zh-hant", "zh-tw", "zh-hk", "zh-mo"];
        if traditional.iter().any(|tag| lower.starts_with(tag)) {
            // Simplified characters would be the wrong ones.
            return &EN;
        }
        let primary = lower.split('-').next().unwrap_or_default();
        let known = [&EN, &DE, &FR, &ES, &ZH];
        known
            .into_iter()
            .find(|words| words.language == primary)
            .unwrap_or(&EN)
    }
}

static EN: Words = Words {
    language: "en",
    leave_title: "Unsubscribe",
    leave_text: "{address} gets {newsletter} by mail. Press the button and it stops.",
    leave: "Unsubscribe",
    left_title: "You have left",
    left_text: "{address} gets no more mail from {newsletter}.",
    undo_text: "Was that a mistake? For an hour you can take it back.",
    undo: "Stay subscribed",
    back_title: "You are still subscribed",
    back_text: "{address} goes on getting {newsletter} by mail.",
    late_title: "That cannot be taken back any more",
    late_text: "More than an hour has passed, or something changed since. Nothing was done.",
    unknown_title: "This link does not work",
    unknown_text: "It is incomplete or not one of ours. Please open the link in the mail itself, or copy all of it.",
    nobody_text: "It belongs to nobody on the list: whoever had it gets no mail any more.",
    missing_title: "There is no such page",
    missing_text: "The archive has all issues.",
    trouble_title: "That did not work",
    trouble_text: "The trouble is ours. Nothing was changed; please try again in a few minutes.",
    preferences_title: "Your settings",
    preferences_text: "{address} gets {newsletter} by mail.",
    language_label: "Language:",
    save: "Save",
    saved_title: "Saved",
    test_title: "The server answers",
    test_text: "This link belongs to nobody. It is there to test the way out.",
};

static DE: Words = Words {
    language: "de",
    leave_title: "Abmelden",
    leave_text: "{address} bekommt {newsletter} per Mail. Ein Klick auf den Knopf beendet das.",
    leave: "Abmelden",
    left_title: "Sie sind abgemeldet",
    left_text: "{address} bekommt keine Mail von {newsletter} mehr.",
    undo_text: "War das ein Versehen? Eine Stunde lang lässt es sich zurücknehmen.",
    undo: "Doch angemeldet bleiben",
    back_title: "Sie sind weiter angemeldet",
    back_text: "{address} bekommt {newsletter} weiterhin per Mail.",
    late_title: "Das lässt sich nicht mehr zurücknehmen",
    late_text: "Es ist mehr als eine Stunde vergangen, oder seither hat sich etwas geändert. Nichts wurde getan.",
    unknown_title: "Dieser Link funktioniert nicht",
    unknown_text: "Er ist unvollständig oder nicht von uns. Bitte öffnen Sie den Link in der Mail selbst, oder kopieren Sie ihn ganz.",
    nobody_text: "Er gehört niemandem auf der Liste: Wer ihn hatte, bekommt keine Mail mehr.",
    missing_title: "Diese Seite gibt es nicht",
    missing_text: "Im Archiv stehen alle Ausgaben.",
    trouble_title: "Das hat nicht geklappt",
    trouble_text: "Der Fehler liegt bei uns. Nichts wurde geändert; bitte versuchen Sie es in einigen Minuten noch einmal.",
    preferences_title: "Ihre Einstellungen",
    preferences_text: "{address} bekommt {newsletter} per Mail.",
    language_label: "Sprache:",
    save: "Speichern",
    saved_title: "Gespeichert",
    test_title: "Der Server antwortet",
    test_text: "Dieser Link gehört niemandem. Mit ihm wird der Weg hinaus geprüft.",
};

static FR: Words = Words {
    language: "fr",
    leave_title: "Se désabonner",
    leave_text: "{address} reçoit {newsletter} par courriel. Ce bouton y met fin.",
    leave: "Se désabonner",
    left_title: "Vous êtes désabonné(e)",
    left_text: "{address} ne recevra plus de courriel de {newsletter}.",
    undo_text: "C’était une erreur ? Vous pouvez l’annuler pendant une heure.",
    undo: "Rester abonné(e)",
    back_title: "Vous restez abonné(e)",
    back_text: "{address} continue de recevoir {newsletter} par courriel.",
    late_title: "Il est trop tard pour annuler",
    late_text: "Plus d’une heure a passé, ou quelque chose a changé depuis. Rien n’a été fait.",
    unknown_title: "Ce lien ne fonctionne pas",
    unknown_text: "Il est incomplet ou ne vient pas de nous. Ouvrez le lien dans le courriel même, ou copiez-le en entier.",
    nobody_text: "Il n’appartient à personne sur la liste : qui l’avait ne reçoit plus de courriel.",
    missing_title: "Cette page n’existe pas",
    missing_text: "Les archives contiennent tous les numéros.",
    trouble_title: "Cela n’a pas fonctionné",
    trouble_text: "L’erreur est de notre côté. Rien n’a changé ; réessayez dans quelques minutes.",
    preferences_title: "Vos réglages",
    preferences_text: "{address} reçoit {newsletter} par courriel.",
    language_label: "Langue :",
    save: "Enregistrer",
    saved_title: "Enregistré",
    test_title: "Le serveur répond",
    test_text: "Ce lien n’appartient à personne. Il sert à vérifier la sortie.",
};

static ES: Words = Words {
    language: "es",
    leave_title: "Darse de baja",
    leave_text: "{address} recibe {newsletter} por correo. Este botón lo termina.",
    leave: "Darse de baja",
    left_title: "La baja está hecha",
    left_text: "{address} ya no recibirá correo de {newsletter}.",
    undo_text: "¿Fue un error? Durante una hora se puede deshacer.",
    undo: "Seguir con la suscripción",
    back_title: "La suscripción continúa",
    back_text: "{address} sigue recibiendo {newsletter} por correo.",
    late_title: "Ya no se puede deshacer",
    late_text: "Ha pasado más de una hora, o algo ha cambiado desde entonces. No se ha hecho nada.",
    unknown_title: "Este enlace no funciona",
    unknown_text: "Está incompleto o no es nuestro. Abra el enlace en el propio correo, o cópielo entero.",
    nobody_text: "No es de nadie de la lista: quien lo tenía ya no recibe correo.",
    missing_title: "Esta página no existe",
    missing_text: "En el archivo están todos los números.",
    trouble_title: "No ha funcionado",
    trouble_text: "El fallo es nuestro. No se ha cambiado nada; inténtelo de nuevo en unos minutos.",
    preferences_title: "Sus ajustes",
    preferences_text: "{address} recibe {newsletter} por correo.",
    language_label: "Idioma:",
    save: "Guardar",
    saved_title: "Guardado",
    test_title: "El servidor responde",
    test_text: "Este enlace no es de nadie. Sirve para probar la salida.",
};

static ZH: Words = Words {
    language: "zh",
    leave_title: "退订",
    leave_text: "{address} 正在通过邮件接收《{newsletter}》。点击按钮即可停止。",
    leave: "退订",
    left_title: "您已退订",
    left_text: "{address} 不会再收到《{newsletter}》的邮件。",
    undo_text: "点错了吗？一小时内可以撤销。",
    undo: "继续订阅",
    back_title: "您仍在订阅",
    back_text: "{address} 将继续通过邮件接收《{newsletter}》。",
    late_title: "已无法撤销",
    late_text: "已经超过一小时，或此后有了变化。没有做任何改动。",
    unknown_title: "此链接无效",
    unknown_text: "链接不完整，或不是我们发出的。请直接打开邮件中的链接，或完整复制它。",
    nobody_text: "它不属于名单上的任何人：原来的持有者不会再收到邮件。",
    missing_title: "没有这个页面",
    missing_text: "归档中有全部各期。",
    trouble_title: "操作没有成功",
    trouble_text: "问题出在我们这里。没有做任何改动，请几分钟后再试。",
    preferences_title: "您的设置",
    preferences_text: "{address} 正在通过邮件接收《{newsletter}》。",
    language_label: "语言：",
    save: "保存",
    saved_title: "已保存",
    test_title: "服务器正常应答",
    test_text: "此链接不属于任何人，仅用于检验退订途径。",
};
