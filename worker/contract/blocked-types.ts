/**
 * What is refused whatever else is said of it: names and types of what runs, or leads elsewhere, when it is opened. The
 * names are the union of what three others block, and some that none of them has to think of. As they were in 2026:
 */

/**
 * "Blocked attachments in Outlook", with what Outlook on the web blocks beside it (OwaMailboxPolicy, BlockedFileTypes;
 * .library-ms and .search-ms since July 2025). Its .xml is left out: that is a type which is taken.
 * https://support.microsoft.com/office/blocked-attachments-in-outlook-434752e1-02d3-4e90-9124-8b81e49a8519
 */
const OUTLOOK =
  "ade adp app appcontent-ms application appref-ms appx asp aspx asx bas bat bgi cab cdxml cer chm cmd cnt com cpl crt " +
  "csh der diagcab exe fxp gadget grp hlp hpj hta htc img inf ins iso isp its jar jnlp js jse ksh library-ms lnk mad maf " +
  "mag mam maq mar mas mat mau mav maw mcf mda mdb mde mdt mdw mdz mht mhtml msc msh msh1 msh1xml msh2 msh2xml mshxml " +
  "msi msp mst msu ops osd pcd pif pl plg prf prg printerexport ps1 ps1xml ps2 ps2xml psc1 psc2 psd1 psdm1 psm1 pssc pst " +
  "py pyc pyo pyw pyz pyzw reg scf scr sct search-ms settingcontent-ms shb shs theme tmp udl url vb vbe vbp vbs vhd vhdx " +
  "vsmacros vss vst vsw webpnp website ws wsb wsc wsf wsh xbap xll xnk";

/** "File types blocked in Gmail": https://support.google.com/mail/answer/6590 */
const GMAIL =
  "ade adp apk appx appxbundle bat cab chm cmd com cpl diagcab diagcfg diagpkg dll dmg ex ex_ exe hta img ins iso isp jar " +
  "jnlp js jse lib lnk mde mjs msc msi msix msixbundle msp mst nsh pif ps1 scr sct shb sys vb vbe vbs vhd vxd wsc wsf wsh " +
  "xll";

/** "Information about the Attachment Manager in Microsoft Windows", high risk: https://support.microsoft.com/kb/883260 */
const WINDOWS =
  "ade adp app asp bas bat cer chm cmd com cpl crt csh exe fxp hlp hta inf ins isp its js jse ksh lnk mad maf mag mam maq " +
  "mar mas mat mau mav maw mda mdb mde mdt mdw mdz msc msi msp mst ops pcd pif prf prg pst reg scf scr sct shb shs tmp url " +
  "vb vbe vbs vsmacros vss vst vsw ws wsc wsf wsh";

/** What a browser runs, what the desktops of macOS and Linux open as a program or a place, and what makes Office fetch. */
const OTHERS =
  "htm html shtml svgz swf wasm xht xhtml action appimage bash command csh deb desktop fileloc fish inetloc kext " +
  "mobileconfig mpkg pkg rpm run scpt scptd sh terminal tool webloc workflow zsh dqy iqy oqy rdp rqy " +
  "searchconnector-ms slk wll jsp php phtml rb";

/** Extensions of what runs when it is opened: refused under any declared type. */
export const BLOCKED_EXTENSIONS: ReadonlySet<string> = new Set(
  [OUTLOOK, GMAIL, WINDOWS, OTHERS].flatMap((list) => list.split(" ")),
);

/** Types of what runs, in a browser or when it is opened: nobody can allow them. */
export const ACTIVE_TYPES: ReadonlySet<string> = new Set(
  (
    "text/html application/xhtml+xml text/javascript application/javascript application/x-javascript " +
    "application/ecmascript text/ecmascript application/wasm application/hta application/x-shockwave-flash " +
    "application/x-msdownload application/x-dosexec application/vnd.microsoft.portable-executable " +
    "application/x-executable application/x-elf application/x-sharedlib application/x-mach-binary " +
    "application/x-msi application/x-ms-installer application/x-ms-shortcut application/x-bat application/x-sh " +
    "application/x-csh text/x-shellscript application/x-httpd-php application/java-archive " +
    "application/java-vm application/vnd.android.package-archive application/x-apple-diskimage " +
    "application/x-iso9660-image"
  ).split(" "),
);
