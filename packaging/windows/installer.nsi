; The installer for Windows: for one user, without administrator rights. target_windows.py calls makensis with
;   VERSION, VERSION4   0.2.0 and 0.2.0.0
;   FILES               a folder with install.nsh and uninstall.nsh, every file by name, and the icons
;   OUT                 the installer to be written
;   SIGN                optional: a command that signs the file whose name is put after it
; Silent: Ritornello-Setup.exe /S [/D=C:\another\folder], and uninstall.exe /S.

Unicode true
!include MUI2.nsh
!include LogicLib.nsh
!include FileFunc.nsh
!include WinVer.nsh
!include x64.nsh

!define PROGRAM "ritornello.exe"
!define CLASSES "Software\Classes"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\Ritornello"
!define APP_PATH "Software\Microsoft\Windows\CurrentVersion\App Paths\${PROGRAM}"

Name "Ritornello"
BrandingText "Ritornello ${VERSION}"
OutFile "${OUT}"
RequestExecutionLevel user
ManifestDPIAware true
ManifestSupportedOS Win10
InstallDir "$LOCALAPPDATA\Programs\Ritornello"
InstallDirRegKey HKCU "${UNINSTALL}" "InstallLocation"
!ifdef QUICK ; for trying it out
  SetCompressor zlib
!else
  SetCompressor /SOLID lzma
!endif
!ifdef SIGN
  !finalize '${SIGN} "%1"'
  !uninstfinalize '${SIGN} "%1"'
!endif

VIProductVersion "${VERSION4}"
VIAddVersionKey ProductName "Ritornello"
VIAddVersionKey ProductVersion "${VERSION}"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey FileDescription "Ritornello installer"
VIAddVersionKey CompanyName "The Ritornello authors"
VIAddVersionKey LegalCopyright "MIT licence"

!define MUI_ICON "${FILES}/app.ico"
!define MUI_UNICON "${FILES}/app.ico"
!define MUI_FINISHPAGE_RUN "$INSTDIR\${PROGRAM}"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

!macro REFUSE sentence
  MessageBox MB_OK|MB_ICONEXCLAMATION "${sentence}" /SD IDOK
  SetErrorLevel 2
  Quit
!macroend

; A program that runs can't be opened for writing.
!macro REFUSE_WHILE_IT_RUNS
  ${If} ${FileExists} "$INSTDIR\${PROGRAM}"
    ClearErrors
    FileOpen $0 "$INSTDIR\${PROGRAM}" a
    ${If} ${Errors}
      !insertmacro REFUSE "Ritornello is open. Close it, then start this again."
    ${EndIf}
    FileClose $0
  ${EndIf}
!macroend

; A kind of file that is Ritornello's own.
!macro OWN suffix class name icon
  WriteRegStr HKCU "${CLASSES}\${class}" "" "${name}"
  WriteRegStr HKCU "${CLASSES}\${class}\DefaultIcon" "" "$INSTDIR\${icon}"
  WriteRegStr HKCU "${CLASSES}\${class}\shell\open\command" "" '"$INSTDIR\${PROGRAM}" "%1"'
  WriteRegStr HKCU "${CLASSES}\${suffix}" "" "${class}"
  WriteRegStr HKCU "${CLASSES}\${suffix}\OpenWithProgids" "${class}" ""
  WriteRegStr HKCU "Software\Ritornello\Capabilities\FileAssociations" "${suffix}" "${class}"
!macroend

; A kind of file that Ritornello opens, and that stays whose it is.
!macro OFFER suffix
  WriteRegStr HKCU "${CLASSES}\${suffix}\OpenWithProgids" "Ritornello.Midi" ""
  WriteRegStr HKCU "${CLASSES}\Applications\${PROGRAM}\SupportedTypes" "${suffix}" ""
  WriteRegStr HKCU "Software\Ritornello\Capabilities\FileAssociations" "${suffix}" "Ritornello.Midi"
!macroend

!macro LET_GO suffix class
  DeleteRegValue HKCU "${CLASSES}\${suffix}\OpenWithProgids" "${class}"
  DeleteRegKey /ifempty HKCU "${CLASSES}\${suffix}\OpenWithProgids"
  ReadRegStr $0 HKCU "${CLASSES}\${suffix}" ""
  ${If} $0 == "${class}"
    DeleteRegValue HKCU "${CLASSES}\${suffix}" ""
  ${EndIf}
  DeleteRegKey /ifempty HKCU "${CLASSES}\${suffix}"
!macroend

!macro TELL_THE_DESKTOP
  System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0, p 0, p 0)' ; SHCNE_ASSOCCHANGED
!macroend

Function .onInit
  ${IfNot} ${RunningX64}
  ${OrIfNot} ${AtLeastWin10}
    !insertmacro REFUSE "Ritornello needs Windows 10 or 11 of 64 bits."
  ${EndIf}
  SetShellVarContext current
FunctionEnd

Function un.onInit
  SetShellVarContext current
FunctionEnd

Section
  !insertmacro REFUSE_WHILE_IT_RUNS
  ; What an earlier version left is removed by that version's own list; nothing else is.
  ${If} ${FileExists} "$INSTDIR\uninstall.exe"
    ExecWait '"$INSTDIR\uninstall.exe" /S _?=$INSTDIR' $0
    ${If} $0 <> 0
      !insertmacro REFUSE "The version that is installed could not be removed. Uninstall it in Windows' settings, then start this again."
    ${EndIf}
    Delete "$INSTDIR\uninstall.exe"
  ${EndIf}

  ClearErrors
  !include "${FILES}/install.nsh"
  SetOutPath "$INSTDIR"
  File "${FILES}/app.ico"
  File "${FILES}/project.ico"
  File "${FILES}/model.ico"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  ${If} ${Errors}
    !insertmacro REFUSE "Not everything could be written to $INSTDIR. Look for space and permissions, then start this again."
  ${EndIf}

  CreateShortCut "$SMPROGRAMS\Ritornello.lnk" "$INSTDIR\${PROGRAM}" "" "$INSTDIR\app.ico"
  WriteRegStr HKCU "${APP_PATH}" "" "$INSTDIR\${PROGRAM}"

  WriteRegStr HKCU "Software\Ritornello\Capabilities" "ApplicationName" "Ritornello"
  WriteRegStr HKCU "Software\Ritornello\Capabilities" "ApplicationDescription" "Your own small model continues your music."
  WriteRegStr HKCU "Software\RegisteredApplications" "Ritornello" "Software\Ritornello\Capabilities"
  !insertmacro OWN ".ritornello" "Ritornello.Project" "Ritornello project" "project.ico"
  !insertmacro OWN ".ritornello-model" "Ritornello.Model" "Ritornello model" "model.ico"
  WriteRegStr HKCU "${CLASSES}\Ritornello.Midi" "" "MIDI file"
  WriteRegStr HKCU "${CLASSES}\Ritornello.Midi\shell\open\command" "" '"$INSTDIR\${PROGRAM}" "%1"'
  WriteRegStr HKCU "${CLASSES}\Applications\${PROGRAM}" "FriendlyAppName" "Ritornello"
  WriteRegStr HKCU "${CLASSES}\Applications\${PROGRAM}\shell\open\command" "" '"$INSTDIR\${PROGRAM}" "%1"'
  !insertmacro OFFER ".mid"
  !insertmacro OFFER ".midi"
  !insertmacro OFFER ".kar"

  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "Ritornello"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "Publisher" "The Ritornello authors"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\app.ico"
  WriteRegStr HKCU "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL}" "NoRepair" 1
  SectionGetSize 0 $0
  WriteRegDWORD HKCU "${UNINSTALL}" "EstimatedSize" $0
  !insertmacro TELL_THE_DESKTOP
SectionEnd

; Models, collections and settings lie elsewhere ($LOCALAPPDATA\Ritornello) and stay, and so does any file in $INSTDIR
; that the installer did not write.
Section Uninstall
  !insertmacro REFUSE_WHILE_IT_RUNS
  !include "${FILES}/uninstall.nsh"
  Delete "$INSTDIR\app.ico"
  Delete "$INSTDIR\project.ico"
  Delete "$INSTDIR\model.ico"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"

  Delete "$SMPROGRAMS\Ritornello.lnk"
  DeleteRegKey HKCU "${APP_PATH}"
  DeleteRegValue HKCU "Software\RegisteredApplications" "Ritornello"
  DeleteRegKey HKCU "Software\Ritornello\Capabilities"
  DeleteRegKey /ifempty HKCU "Software\Ritornello"
  !insertmacro LET_GO ".ritornello" "Ritornello.Project"
  !insertmacro LET_GO ".ritornello-model" "Ritornello.Model"
  !insertmacro LET_GO ".mid" "Ritornello.Midi"
  !insertmacro LET_GO ".midi" "Ritornello.Midi"
  !insertmacro LET_GO ".kar" "Ritornello.Midi"
  DeleteRegKey HKCU "${CLASSES}\Ritornello.Project"
  DeleteRegKey HKCU "${CLASSES}\Ritornello.Model"
  DeleteRegKey HKCU "${CLASSES}\Ritornello.Midi"
  DeleteRegKey HKCU "${CLASSES}\Applications\${PROGRAM}"
  DeleteRegKey HKCU "${UNINSTALL}"
  !insertmacro TELL_THE_DESKTOP
SectionEnd
