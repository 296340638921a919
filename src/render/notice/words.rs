//! What the server's own messages say, by language: those that `Labels` knows.

/// The words of one language. `{newsletter}` is the publication, `{days}` for how
/// many days a link is good, `{issue}` the title of the newest issue.
pub(crate) struct Words {
    tag: &'static str,
    pub(crate) confirm_subject: &'static str,
    pub(crate) confirm_text: &'static str,
    pub(crate) confirm: &'static str,
    pub(crate) confirm_note: &'static str,
    pub(crate) already_subject: &'static str,
    pub(crate) already_text: &'static str,
    pub(crate) already_note: &'static str,
    pub(crate) settings: &'static str,
    pub(crate) move_subject: &'static str,
    pub(crate) move_text: &'static str,
    pub(crate) welcome_subject: &'static str,
    pub(crate) welcome_text: &'static str,
    pub(crate) newest_text: &'static str,
    pub(crate) read: &'static str,
    pub(crate) account_subject: &'static str,
    pub(crate) account_text: &'static str,
    pub(crate) open: &'static str,
    pub(crate) account_note: &'static str,
}

impl Words {
    /// The words of a language; those of English for one that is not known.
    pub(crate) fn of(language: &str) -> &'static Words {
        let language = language.to_ascii_lowercase();
        let traditional = ["zh-hant", "zh-tw", "zh-hk", "zh-mo"];
        if traditional.iter().any(|tag| language.starts_with(tag)) {
            return &ZH_HANT;
        }
        let primary = language.split('-').next().unwrap_or_default();
        let known = [&EN, &ZH, &JA, &KO, &DE, &FR, &ES, &AR, &HE];
        known
            .into_iter()
            .find(|words| words.tag == primary)
            .unwrap_or(&EN)
    }
}

static EN: Words = Words {
    tag: "en",
    confirm_subject: "Please confirm: {newsletter}",
    confirm_text: "Somebody, probably you, asked for {newsletter} to be sent to this address. It begins once you confirm that.",
    confirm: "Confirm the subscription",
    confirm_note: "The link is good for {days} days. If it was not you, do nothing: without a confirmation no further mail comes.",
    already_subject: "You get {newsletter} already",
    already_text: "Somebody, probably you, asked for {newsletter} to be sent to this address. It is sent to you already: there is nothing to do.",
    already_note: "If mails do not arrive, look where your mail program keeps what it takes for spam.",
    settings: "Your settings",
    move_subject: "Your new address for {newsletter}",
    move_text: "A subscriber, probably you, wants to get {newsletter} at this address from now on.",
    welcome_subject: "Welcome to {newsletter}",
    welcome_text: "You are subscribed to {newsletter}. The next issue comes to this address.",
    newest_text: "Until then, this is the newest issue: {issue}",
    read: "Read it",
    account_subject: "Your data at {newsletter}",
    account_text: "Somebody, probably you, asked for the link to what {newsletter} keeps of you. There you can save it, move to another address or have everything erased.",
    open: "Open your data",
    account_note: "The link is good for {days} days, and for you alone: do not pass this mail on. If it was not you, do nothing.",
};

static DE: Words = Words {
    tag: "de",
    confirm_subject: "Bitte bestätigen: {newsletter}",
    confirm_text: "Jemand, wahrscheinlich Sie, möchte {newsletter} an diese Adresse bekommen. Sobald Sie das bestätigen, geht es los.",
    confirm: "Anmeldung bestätigen",
    confirm_note: "Der Link gilt {days} Tage. Wenn Sie das nicht waren, tun Sie nichts: Ohne Bestätigung kommt keine weitere Mail.",
    already_subject: "Sie bekommen {newsletter} schon",
    already_text: "Jemand, wahrscheinlich Sie, möchte {newsletter} an diese Adresse bekommen. Sie bekommen es schon: Es ist nichts zu tun.",
    already_note: "Wenn Mails nicht ankommen, sehen Sie nach, wo Ihr Mailprogramm ablegt, was es für Spam hält.",
    settings: "Ihre Einstellungen",
    move_subject: "Ihre neue Adresse für {newsletter}",
    move_text: "Jemand auf der Liste, wahrscheinlich Sie, möchte {newsletter} von jetzt an unter dieser Adresse bekommen.",
    welcome_subject: "Willkommen bei {newsletter}",
    welcome_text: "Sie sind für {newsletter} angemeldet. Die nächste Ausgabe kommt an diese Adresse.",
    newest_text: "Bis dahin die neueste Ausgabe: {issue}",
    read: "Jetzt lesen",
    account_subject: "Ihre Daten bei {newsletter}",
    account_text: "Jemand, wahrscheinlich Sie, hat den Link zu dem angefordert, was {newsletter} von Ihnen weiß. Dort können Sie es sichern, die Adresse ändern oder alles löschen lassen.",
    open: "Ihre Daten öffnen",
    account_note: "Der Link gilt {days} Tage und nur für Sie: Geben Sie diese Mail nicht weiter. Wenn Sie das nicht waren, tun Sie nichts.",
};

static FR: Words = Words {
    tag: "fr",
    confirm_subject: "Merci de confirmer : {newsletter}",
    confirm_text: "Quelqu’un, sans doute vous, a demandé à recevoir {newsletter} à cette adresse. L’envoi commence dès que vous confirmez.",
    confirm: "Confirmer l’abonnement",
    confirm_note: "Le lien est valable {days} jours. Si ce n’était pas vous, ne faites rien : sans confirmation, aucun autre courriel ne viendra.",
    already_subject: "Vous recevez déjà {newsletter}",
    already_text: "Quelqu’un, sans doute vous, a demandé à recevoir {newsletter} à cette adresse. Vous le recevez déjà : il n’y a rien à faire.",
    already_note: "Si des courriels n’arrivent pas, regardez dans le dossier des indésirables.",
    settings: "Vos réglages",
    move_subject: "Votre nouvelle adresse pour {newsletter}",
    move_text: "Une personne abonnée, sans doute vous, souhaite recevoir {newsletter} à cette adresse désormais.",
    welcome_subject: "Bienvenue : {newsletter}",
    welcome_text: "Vous êtes abonné(e) à {newsletter}. Le prochain numéro arrivera à cette adresse.",
    newest_text: "D’ici là, voici le dernier numéro : {issue}",
    read: "Le lire",
    account_subject: "Vos données chez {newsletter}",
    account_text: "Quelqu’un, sans doute vous, a demandé le lien vers ce que {newsletter} conserve à votre sujet. Vous pouvez y enregistrer ces données, changer d’adresse ou tout faire effacer.",
    open: "Ouvrir vos données",
    account_note: "Le lien est valable {days} jours, et pour vous seul : ne transmettez pas ce courriel. Si ce n’était pas vous, ne faites rien.",
};

static ES: Words = Words {
    tag: "es",
    confirm_subject: "Confirme, por favor: {newsletter}",
    confirm_text: "Alguien, probablemente usted, pidió recibir {newsletter} en esta dirección. El envío empieza cuando lo confirme.",
    confirm: "Confirmar la suscripción",
    confirm_note: "El enlace vale {days} días. Si no fue usted, no haga nada: sin confirmación no llegará más correo.",
    already_subject: "Ya recibe {newsletter}",
    already_text: "Alguien, probablemente usted, pidió recibir {newsletter} en esta dirección. Ya lo recibe: no hay nada que hacer.",
    already_note: "Si los mensajes no llegan, mire en la carpeta de correo no deseado.",
    settings: "Sus ajustes",
    move_subject: "Su nueva dirección para {newsletter}",
    move_text: "Una persona suscrita, probablemente usted, quiere recibir {newsletter} en esta dirección desde ahora.",
    welcome_subject: "Le damos la bienvenida a {newsletter}",
    welcome_text: "Su suscripción a {newsletter} está hecha. El próximo número llegará a esta dirección.",
    newest_text: "Mientras tanto, este es el último número: {issue}",
    read: "Leerlo",
    account_subject: "Sus datos en {newsletter}",
    account_text: "Alguien, probablemente usted, pidió el enlace a lo que {newsletter} guarda de usted. Allí puede guardarlo, cambiar de dirección o hacer que se borre todo.",
    open: "Abrir sus datos",
    account_note: "El enlace vale {days} días y solo para usted: no reenvíe este mensaje. Si no fue usted, no haga nada.",
};

static ZH: Words = Words {
    tag: "zh",
    confirm_subject: "请确认订阅《{newsletter}》",
    confirm_text: "有人（可能是您）请求把《{newsletter}》发送到这个邮箱。确认之后即开始发送。",
    confirm: "确认订阅",
    confirm_note: "此链接 {days} 天内有效。如果不是您本人操作，请忽略：未经确认，不会再有邮件。",
    already_subject: "您已经订阅《{newsletter}》",
    already_text: "有人（可能是您）请求把《{newsletter}》发送到这个邮箱。您已经订阅，无需任何操作。",
    already_note: "如果没有收到邮件，请查看垃圾邮件文件夹。",
    settings: "您的设置",
    move_subject: "《{newsletter}》的新邮箱地址",
    move_text: "一位订阅者（可能是您）希望今后用这个邮箱接收《{newsletter}》。",
    welcome_subject: "欢迎订阅《{newsletter}》",
    welcome_text: "您已订阅《{newsletter}》。下一期将发送到这个邮箱。",
    newest_text: "在此之前，请看最新一期：{issue}",
    read: "阅读",
    account_subject: "您在《{newsletter}》的数据",
    account_text: "有人（可能是您）请求查看《{newsletter}》保存的关于您的数据。在那里可以保存数据、更换邮箱或删除全部数据。",
    open: "打开您的数据",
    account_note: "此链接 {days} 天内有效，仅供您本人使用，请勿转发此邮件。如果不是您本人操作，请忽略。",
};

static ZH_HANT: Words = Words {
    tag: "zh-Hant",
    confirm_subject: "請確認訂閱《{newsletter}》",
    confirm_text: "有人（可能是您）請求把《{newsletter}》寄到這個信箱。確認之後即開始寄送。",
    confirm: "確認訂閱",
    confirm_note: "此連結 {days} 天內有效。如果不是您本人操作，請忽略：未經確認，不會再有郵件。",
    already_subject: "您已經訂閱《{newsletter}》",
    already_text: "有人（可能是您）請求把《{newsletter}》寄到這個信箱。您已經訂閱，無需任何操作。",
    already_note: "如果沒有收到郵件，請查看垃圾郵件資料夾。",
    settings: "您的設定",
    move_subject: "《{newsletter}》的新信箱",
    move_text: "一位訂閱者（可能是您）希望今後用這個信箱接收《{newsletter}》。",
    welcome_subject: "歡迎訂閱《{newsletter}》",
    welcome_text: "您已訂閱《{newsletter}》。下一期將寄到這個信箱。",
    newest_text: "在此之前，請看最新一期：{issue}",
    read: "閱讀",
    account_subject: "您在《{newsletter}》的資料",
    account_text: "有人（可能是您）請求查看《{newsletter}》保存的關於您的資料。在那裡可以保存資料、更換信箱或刪除全部資料。",
    open: "打開您的資料",
    account_note: "此連結 {days} 天內有效，僅供您本人使用，請勿轉寄此郵件。如果不是您本人操作，請忽略。",
};

static JA: Words = Words {
    tag: "ja",
    confirm_subject: "登録の確認：{newsletter}",
    confirm_text: "このアドレスへの {newsletter} の配信が申し込まれました。ご本人の場合は、確認していただくと配信が始まります。",
    confirm: "登録を確認する",
    confirm_note: "リンクは {days} 日間有効です。心当たりがない場合は何もしないでください。確認がなければ、以後メールは届きません。",
    already_subject: "{newsletter} はすでに登録済みです",
    already_text: "このアドレスへの {newsletter} の配信が申し込まれました。すでに登録されていますので、何もする必要はありません。",
    already_note: "メールが届かない場合は、迷惑メールのフォルダをご覧ください。",
    settings: "設定を開く",
    move_subject: "{newsletter} の新しいアドレス",
    move_text: "購読者の方（おそらくご本人）が、今後このアドレスで {newsletter} を受け取ることを希望しています。",
    welcome_subject: "{newsletter} へようこそ",
    welcome_text: "{newsletter} に登録されました。次の号からこのアドレスに届きます。",
    newest_text: "それまでは最新号をどうぞ：{issue}",
    read: "読む",
    account_subject: "{newsletter} に保存されているデータ",
    account_text: "{newsletter} に保存されているあなたのデータへのリンクが請求されました。データの保存、アドレスの変更、すべての削除ができます。",
    open: "データを開く",
    account_note: "リンクは {days} 日間、ご本人だけが使えます。このメールを転送しないでください。心当たりがない場合は何もしないでください。",
};

static KO: Words = Words {
    tag: "ko",
    confirm_subject: "구독 확인: {newsletter}",
    confirm_text: "이 주소로 {newsletter} 구독 신청이 들어왔습니다. 본인이 신청하셨다면 확인해 주세요. 그러면 발송이 시작됩니다.",
    confirm: "구독 확인하기",
    confirm_note: "링크는 {days}일 동안 유효합니다. 본인이 아니라면 아무것도 하지 마세요. 확인이 없으면 더 이상 메일이 가지 않습니다.",
    already_subject: "이미 {newsletter} 구독 중입니다",
    already_text: "이 주소로 {newsletter} 구독 신청이 들어왔습니다. 이미 구독 중이므로 하실 일은 없습니다.",
    already_note: "메일이 오지 않으면 스팸 메일함을 확인해 주세요.",
    settings: "설정 열기",
    move_subject: "{newsletter}의 새 주소",
    move_text: "구독자(아마도 본인)가 앞으로 이 주소로 {newsletter} 받기를 원합니다.",
    welcome_subject: "{newsletter} 구독을 환영합니다",
    welcome_text: "{newsletter} 구독이 시작되었습니다. 다음 호가 이 주소로 갑니다.",
    newest_text: "그때까지 최신 호를 읽어 보세요: {issue}",
    read: "읽기",
    account_subject: "{newsletter}에 저장된 데이터",
    account_text: "{newsletter}에 저장된 본인 데이터로 가는 링크 요청이 들어왔습니다. 데이터를 저장하거나 주소를 바꾸거나 모두 삭제할 수 있습니다.",
    open: "데이터 열기",
    account_note: "링크는 {days}일 동안 본인만 사용할 수 있습니다. 이 메일을 전달하지 마세요. 본인이 아니라면 아무것도 하지 마세요.",
};

static AR: Words = Words {
    tag: "ar",
    confirm_subject: "يُرجى التأكيد: {newsletter}",
    confirm_text: "طلب أحدهم، ولعله أنت، إرسال {newsletter} إلى هذا العنوان. يبدأ الإرسال حين تؤكد ذلك.",
    confirm: "تأكيد الاشتراك",
    confirm_note: "مدة صلاحية الرابط بالأيام: {days}. إن لم تكن أنت من طلب فلا تفعل شيئًا: من دون تأكيد لن يصل بريد آخر.",
    already_subject: "تصلك {newsletter} من قبل",
    already_text: "طلب أحدهم، ولعله أنت، إرسال {newsletter} إلى هذا العنوان. وهي تُرسَل إليك من قبل: لا حاجة إلى شيء.",
    already_note: "إن لم تصلك الرسائل فانظر في مجلد البريد غير المرغوب.",
    settings: "إعداداتك",
    move_subject: "عنوانك الجديد لدى {newsletter}",
    move_text: "يريد أحد المشتركين، ولعله أنت، أن تصله {newsletter} من الآن إلى هذا العنوان.",
    welcome_subject: "مرحبًا بك في {newsletter}",
    welcome_text: "تم اشتراكك في {newsletter}. يصل العدد القادم إلى هذا العنوان.",
    newest_text: "وحتى ذلك الحين، هذا أحدث عدد: {issue}",
    read: "اقرأه",
    account_subject: "بياناتك لدى {newsletter}",
    account_text: "طلب أحدهم، ولعله أنت، الرابط إلى ما تحفظه {newsletter} عنك. هناك يمكنك حفظه، أو تغيير عنوانك، أو طلب محو كل شيء.",
    open: "فتح بياناتك",
    account_note: "مدة صلاحية الرابط بالأيام: {days}، وهو لك وحدك: لا تُعِد توجيه هذه الرسالة. إن لم تكن أنت من طلب فلا تفعل شيئًا.",
};

static HE: Words = Words {
    tag: "he",
    confirm_subject: "נא לאשר: {newsletter}",
    confirm_text: "מישהו, כנראה אתם, ביקש לקבל את {newsletter} בכתובת הזאת. המשלוח יתחיל כשתאשרו.",
    confirm: "אישור ההרשמה",
    confirm_note: "מספר הימים שהקישור תקף: {days}. אם לא ביקשתם, אל תעשו דבר: בלי אישור לא יגיע עוד דואר.",
    already_subject: "{newsletter} כבר נשלח אליכם",
    already_text: "מישהו, כנראה אתם, ביקש לקבל את {newsletter} בכתובת הזאת. הוא כבר נשלח אליכם: אין צורך לעשות דבר.",
    already_note: "אם הודעות אינן מגיעות, בדקו בתיקיית דואר הזבל.",
    settings: "ההגדרות שלכם",
    move_subject: "הכתובת החדשה שלכם אצל {newsletter}",
    move_text: "מישהו מן המנויים, כנראה אתם, רוצה לקבל מעתה את {newsletter} בכתובת הזאת.",
    welcome_subject: "ברוכים הבאים אל {newsletter}",
    welcome_text: "נרשמתם אל {newsletter}. הגיליון הבא יגיע לכתובת הזאת.",
    newest_text: "עד אז, זה הגיליון החדש ביותר: {issue}",
    read: "לקריאה",
    account_subject: "הנתונים שלכם אצל {newsletter}",
    account_text: "מישהו, כנראה אתם, ביקש את הקישור אל מה ש-{newsletter} שומר עליכם. שם אפשר לשמור אותו, להחליף כתובת או למחוק הכול.",
    open: "פתיחת הנתונים",
    account_note: "מספר הימים שהקישור תקף: {days}, והוא לכם בלבד: אל תעבירו את ההודעה הזאת. אם לא ביקשתם, אל תעשו דבר.",
};
