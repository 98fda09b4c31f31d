import { Dialog } from "@base-ui/react/dialog";
import type { ReactNode } from "react";
import { useShared, useTexts } from "../use-client.ts";
import { IconButton } from "./button.tsx";
import { useRootProps } from "./root.tsx";

export interface ModalProps {
  readonly title: string;
  readonly children: ReactNode;
  readonly onClose: () => void;
}

/** A dialog over the page, as long as it is rendered; Escape and a click beside it close it. */
export function Modal({ title, children, onClose }: ModalProps) {
  const root = useRootProps();
  const { language } = useShared();
  const { common } = useTexts();
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <div lang={language} {...root}>
          <Dialog.Backdrop className="cw-backdrop" />
          <Dialog.Popup className="cw-modal">
            <div className="cw-modal-head">
              <Dialog.Title className="cw-modal-title" dir="auto">
                {title}
              </Dialog.Title>
              <Dialog.Close render={<IconButton icon="close" label={common.close} />} />
            </div>
            {children}
          </Dialog.Popup>
        </div>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
